import test from 'ava';
import { crc32c, maskedCrc32c } from '../../../src/report/crc32c.ts';
import { restartRecord, scalarRecord, versionRecord } from '../../../src/report/event-file.ts';
import { readEventFile } from '../../support/event-file.ts';

test('CRC-32C of the examples of RFC 3720', t => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  t.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.is(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  t.is(crc32c(ascending), 0x46dd794e);
  t.is(crc32c(ascending.reverse()), 0x113fdb5c);
});

test('the first record of every TensorFlow event file is masked as there', t => {
  // Length 24, as TensorFlow writes it: 18 00 00 00 00 00 00 00, a3 7f 4b 22.
  t.is(maskedCrc32c(Uint8Array.from([24, 0, 0, 0, 0, 0, 0, 0])), 0x224b7fa3);
});

test('records are read again by a reader of its own', t => {
  const scalars = { 'train/loss': 0.25, 'ä/ß 漢字': -1.5, zero: 0 };
  const file = Buffer.concat([
    versionRecord(1700000000.125),
    restartRecord(3, 0),
    scalarRecord({ wallTime: 4.5, step: 300, scalars }),
    scalarRecord({ wallTime: 5, step: 2 ** 40 + 1, scalars: { long: 1 / 3, [`${'n'.repeat(300)}`]: 1e30 } }),
  ]);
  const [version, restart, first, second] = readEventFile(file);
  t.like(version, { wallTime: 1700000000.125, fileVersion: 'brain.Event:2' });
  t.like(restart, { step: 0, sessionStatus: 1 });
  t.deepEqual(first, { wallTime: 4.5, step: 300, scalars });
  t.is(second?.step, 2 ** 40 + 1);
  t.deepEqual(second?.scalars, { long: Math.fround(1 / 3), ['n'.repeat(300)]: Math.fround(1e30) });
});

test('what is not a number stays what it is', t => {
  const scalars = { nan: Number.NaN, infinite: Number.POSITIVE_INFINITY };
  t.deepEqual(
    readEventFile(Buffer.from(scalarRecord({ wallTime: 1, step: 1, scalars })))[0]?.scalars,
    scalars,
  );
});
