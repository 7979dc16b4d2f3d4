import test from 'ava';
import fc from 'fast-check';
import { textWindows } from '../../../src/inference/text-windows.ts';
import { AutoTokenizer } from '../../../src/tokenization/auto-tokenizer.ts';
import { checkpoint } from '../../support/checkpoints.ts';

const tokenizer = await AutoTokenizer.fromPretrained(checkpoint('tc-safetensors'));

/** The stretches of text that the windows show. */
function windowTexts(text: string, capacity: number): string[] {
  const encoding = tokenizer.encode(text, { addSpecialTokens: false });
  return textWindows(encoding, capacity).map(({ start, end }) =>
    text.slice(encoding.offsets[start]?.[0], encoding.offsets[end - 1]?.[1]),
  );
}

test('a text that fits is one window', t => {
  t.deepEqual(windowTexts('of cells', 2), ['of cells']);
});

test('a text without pieces is one empty window', t => {
  t.deepEqual(textWindows(tokenizer.encode(' ', { addSpecialTokens: false }), 5), [{ start: 0, end: 0 }]);
});

test('windows end at white space, also where more would fit', t => {
  t.deepEqual(windowTexts('of of (of) cells', 4), ['of of', '(of) cells']);
});

test('without white space windows end between the parts that the tokenizer sets apart', t => {
  t.deepEqual(windowTexts('of-of-of', 2), ['of-', 'of-', 'of']);
});

test('a word beyond the capacity goes on in the next window', t => {
  t.deepEqual(tokenizer.tokenize('xyzxyz').length, 6);
  t.deepEqual(windowTexts('of xyzxyz of', 4), ['of', 'xyzx', 'yz of']);
});

test('each piece is in exactly one window, none of which is over the capacity', t => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('of', 'cells', '-', ' ', 'xyz', '中', '🧬', '\n'), { maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      (parts, capacity) => {
        const encoding = tokenizer.encode(parts.join(''), { addSpecialTokens: false });
        const windows = textWindows(encoding, capacity);
        const starts = [0, ...windows.slice(0, -1).map(({ end }) => end)];
        return (
          windows.every(({ start, end }, i) => start === starts[i] && end - start <= capacity) &&
          windows.at(-1)?.end === encoding.ids.length
        );
      },
    ),
  );
  t.pass();
});
