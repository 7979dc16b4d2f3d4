import test from 'ava';
import type { EntitySpan } from '../../../src/evaluation/entities.ts';
import { detectScheme, type Scheme, StrictReader, schemeTagParser } from '../../../src/evaluation/schemes.ts';
import { agrees, goldenCases } from './goldens.ts';

/** Entities as the goldens have them, the end exclusive. */
function strictEntities(sentences: string[][], scheme: Scheme, suffix: boolean): EntitySpan[][] {
  const parser = schemeTagParser(scheme, suffix);
  const reader = new StrictReader(scheme);
  return sentences.map(tags =>
    reader.spans(parser.parse('tags', tags)).map(([type, start, end]) => [type, start, end + 1]),
  );
}

for (const golden of goldenCases) {
  test(`seqeval: ${golden.name}`, t => {
    const { y_true, y_pred, options, strict } = golden;
    const suffix = options.suffix ?? false;
    const entities = (sentences: string[][]) => () =>
      strictEntities(sentences, strict.scheme ?? detectScheme(y_true, suffix), suffix);
    agrees(t, entities(y_true), strict.entities_true);
    agrees(t, entities(y_pred), strict.entities_pred);
  });
}

// As seqeval's auto_detect lists them.
const detected: [prefixes: string, scheme: Scheme | undefined][] = [
  ['IOB', 'IOB2'],
  ['B', 'IOB2'],
  ['IE', 'IOE2'],
  ['OE', 'IOE2'],
  ['IOBES', 'IOBES'],
  ['OBE', 'IOBES'],
  ['S', 'IOBES'],
  ['IOBLU', 'BILOU'],
  ['BL', 'BILOU'],
  ['U', 'BILOU'],
  ['O', undefined],
  ['IO', undefined],
  ['OS', undefined],
  ['OBS', undefined],
  ['OU', undefined],
  ['BEL', undefined],
  ['OBX', undefined],
];
for (const [prefixes, scheme] of detected) {
  test(`the scheme of ${prefixes} is ${scheme ?? 'not to be told'}`, t => {
    const tags = [...prefixes].map(prefix => (prefix === 'O' ? 'O' : `${prefix}-a`));
    if (scheme) t.is(detectScheme([tags]), scheme);
    else t.throws(() => detectScheme([tags]), { code: 'ERR_OPTION', message: /Name the scheme/ });
  });
}
