import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkBuildTools, checkMachine, older, thisMachine } from '../../../scripts/addon/requirements.mjs';
import { InstallError } from '../../../scripts/failure.mjs';
import { temporaryFolder, writeTree } from './fake-libtorch.ts';

test('this machine is one that nerbert runs on', t => {
  t.notThrows(() => checkMachine(thisMachine()));
});

test('other systems and processors, musl and an old glibc are refused with what is needed', t => {
  const refused: [Parameters<typeof checkMachine>[0], RegExp][] = [
    [{ platform: 'darwin', arch: 'arm64', glibc: undefined }, /darwin .*Linux/],
    [{ platform: 'linux', arch: 'ia32', glibc: '2.36' }, /ia32/],
    [{ platform: 'linux', arch: 'x64', glibc: undefined }, /musl/],
    [{ platform: 'linux', arch: 'x64', glibc: '2.27' }, /glibc 2\.27 .*2\.28/],
  ];
  for (const [machine, message] of refused) {
    const error = t.throws(() => checkMachine(machine), { instanceOf: InstallError, message });
    t.true((error?.remedies.length ?? 0) > 0);
  }
  t.notThrows(() => checkMachine({ platform: 'linux', arch: 'arm64', glibc: '2.28' }));
});

/** A PATH with these commands only, each a shell script. */
function pathWith(t: ExecutionContext, commands: Record<string, string>): NodeJS.ProcessEnv {
  const folder = temporaryFolder(t);
  const scripts = Object.entries(commands).map(([name, body]) => [name, `#!/bin/sh\n${body}\n`]);
  writeTree(folder, Object.fromEntries(scripts));
  for (const name of Object.keys(commands)) chmodSync(join(folder, name), 0o755);
  return { PATH: folder };
}

const cmake = 'echo "cmake version 3.25.1"';
const make = 'echo "GNU Make 4.3"';
const compiler = 'if [ "$1" = --version ]; then echo g++; fi';

test('complete build tools are accepted', t => {
  t.notThrows(() => checkBuildTools(pathWith(t, { cmake, make, 'g++': compiler })));
  t.notThrows(() => checkBuildTools(pathWith(t, { cmake, ninja: 'echo 1.11', 'clang++': compiler })));
});

test('each missing or old build tool is named, with a way to get it', t => {
  const tooOld = `case "$1" in
  --version) echo g++;;
  -dumpfullversion) echo 8.3.0;;
  *) echo "<stdin>:2:10: fatal error: concepts: No such file or directory" >&2; exit 1;;
esac`;
  const lacking: [Record<string, string>, RegExp, RegExp][] = [
    [{ make, 'g++': compiler }, /CMake was not found/, /apt install cmake/],
    [{ cmake: 'echo "cmake version 3.10.2"', make, 'g++': compiler }, /CMake 3\.10\.2 is too old/, /cmake/],
    [{ cmake, 'g++': compiler }, /neither Ninja nor Make/, /apt install make/],
    [{ cmake, make }, /C\+\+ compiler was not found/, /apt install g\+\+/],
    [{ cmake, make, 'g++': tooOld }, /g\+\+ 8\.3\.0 is too old for C\+\+20:\n.*concepts/, /GCC 11/],
  ];
  for (const [commands, message, remedy] of lacking) {
    const env = pathWith(t, commands);
    const error = t.throws(() => checkBuildTools(env), { instanceOf: InstallError, message });
    t.regex(error?.remedies.join('\n') ?? '', remedy);
  }
});

test('the compiler that CXX names is the one that is checked', t => {
  const env = pathWith(t, { cmake, make, 'g++': compiler });
  t.throws(() => checkBuildTools({ ...env, CXX: 'g++-99' }), { message: /no g\+\+-99 in PATH/ });
  t.notThrows(() => checkBuildTools({ ...env, CXX: 'ccache g++' }));
});

test('versions are compared number by number', t => {
  t.true(older('3.9', '3.18'));
  t.false(older('3.18', '3.18.0'));
  t.false(older('4.0', '3.18.5'));
});
