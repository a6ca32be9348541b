import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageDir } from '../../setup/addon.mjs';

const root = join(import.meta.dirname, '..', '..');
const python = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'python3'))
  .find(existsSync) as string;

/** What stands in for the tools of a machine: each notes its call, and makes what the real one would. */
const tools = {
  go: `
case "$1" in version) echo "go version go1.26.0 linux/amd64"; exit;; esac
[ -n "$FAKE_OFFLINE" ] && { echo "dial tcp: lookup proxy.example: no such host" >&2; exit 1; }
[ -n "$FAKE_GO_BROKEN" ] && { echo "undefined: frobnicate" >&2; exit 1; }
sleep "\${FAKE_GO_SECONDS:-0}"
name="\${2%@*}"; echo "binary of $2" > "$GOBIN/\${name##*/}"`,
  npm: `
case "$1" in --version) echo 10.8.2; exit;; esac
[ -n "$FAKE_OFFLINE" ] && { echo "npm error code ENOTFOUND" >&2; exit 1; }
rm -rf node_modules; mkdir -p node_modules/node-gyp/bin node_modules/@tensorflow/tfjs-node-gpu/binding
cp package-lock.json node_modules/.package-lock.json
cp ../fake/node-gyp.js node_modules/node-gyp/bin/
cp ../fake/package.json ../fake/index.js ../fake/binding.gyp node_modules/@tensorflow/tfjs-node-gpu/
cp ../fake/tfjs_backend.cc node_modules/@tensorflow/tfjs-node-gpu/binding/`,
  python3: `
case "$3" in
--version) echo "pip 23";;
download)
  [ -n "$FAKE_OFFLINE" ] && { echo "Failed to establish a new connection" >&2; exit 1; }
  exec ${python} "$(dirname "$0")/../fake/wheel.py" "$@";;
*) exec ${python} "$@";;
esac`,
  'c++': `
case "$1" in --version) exit;; esac
[ -n "$FAKE_CXX_BROKEN" ] && { echo "error: no such type" >&2; exit 1; }
while [ "$1" != -o ]; do shift; done
echo kernels > "$2"`,
  make: 'exit 0',
};
export type ToolName = keyof typeof tools;

const fakes = {
  'package.json': '{"name": "@tensorflow/tfjs-node-gpu", "version": "4.22.0", "main": "index.js"}',
  'binding.gyp': '{}',
  // The published source: set-up refuses to change another.
  'tfjs_backend.cc': readFileSync(join(packageDir(root), 'binding', 'tfjs_backend.cc'), 'utf8'),
  // Works only when the addon and the library are where the real one would look for them.
  'index.js': `
const { readFileSync } = require('node:fs');
readFileSync(__dirname + '/lib/napi-v8/tfjs_binding.node');
readFileSync(__dirname + '/deps/lib/libtensorflow.so');
exports.backend = () => ({ isUsingGpuDevice: false });
exports.add = (a, b) => ({ dataSync: () => a.map((x, i) => x + b[i]) });`,
  'node-gyp.js': `
const { readFileSync, writeFileSync, appendFileSync } = require('node:fs');
appendFileSync(process.env.FAKE_CALLS, 'node-gyp ' + process.argv.slice(2, 4).join(' ') + '\\n');
readFileSync('deps/include/tensorflow/c/c_api.h');
if (!readFileSync('binding/tfjs_backend.cc', 'utf8').includes('memcpy(TF_TensorData')) throw new Error('tensors share memory');
const folder = process.argv.find((arg) => arg.startsWith('--module_path=')).slice(14);
writeFileSync(folder + '/tfjs_binding.node', 'addon');`,
  // A wheel of the asked name: TensorFlow's, or one of NVIDIA's with a library in it.
  'wheel.py': `
import re, sys, zipfile
folder, wanted = sys.argv[sys.argv.index("--dest") + 1], sys.argv[-1]
name = re.match(r"[\\w.-]+", wanted)[0]
with zipfile.ZipFile(f"{folder}/{name}.whl", "w") as wheel:
    if name.startswith("tensorflow"):
        info = f"{name.replace('-', '_')}-2.21.0.dist-info/METADATA"
        extra = '; extra == "and-cuda"'
        wheel.writestr(info, f"Requires-Dist: numpy\\nRequires-Dist: nvidia-cublas-cu12<13.0,>=12.5{extra}\\nRequires-Dist: nvidia-new-cu12<2{extra}\\n")
        wheel.writestr("tensorflow/libtensorflow_cc.so.2", "library")
        wheel.writestr("tensorflow/libtensorflow_framework.so.2", "framework")
        wheel.writestr("tensorflow/include/tensorflow/c/c_api.h", "header")
        wheel.writestr("tensorflow/python/huge.py", "not wanted")
    else:
        part = name.split("-")[1]
        wheel.writestr(f"nvidia/{part}/lib/lib{part}.so.12", "cuda")`,
};

export interface Result {
  readonly code: number | null;
  readonly output: string;
}

/** A machine with an empty cache, a bare clone, and just the tools that a test gives it. */
export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'cemiflow-machine-'));
  readonly clone = join(this.folder, 'clone');
  readonly cache = join(this.folder, 'cache', 'cemiflow');

  constructor(present: readonly ToolName[] = Object.keys(tools) as ToolName[]) {
    for (const name of ['bin', 'fake', 'clone']) mkdirSync(join(this.folder, name));
    for (const [name, text] of Object.entries(fakes)) writeFileSync(join(this.folder, 'fake', name), text);
    for (const name of present) {
      const path = join(this.folder, 'bin', name);
      const note = 'PATH=/usr/local/bin:/usr/bin:/bin\necho "$(basename "$0") $*" >> "$FAKE_CALLS"';
      writeFileSync(path, `#!/bin/sh\n${note}\n${tools[name]}\n`);
      chmodSync(path, 0o755);
    }
    for (const name of ['setup.mjs', 'setup', 'versions.json', 'nn/native'])
      cpSync(join(root, name), join(this.clone, name), { recursive: true });
    this.lock({});
  }

  /** Writes the clone's lock file. */
  lock(more: { readonly [path: string]: unknown }): void {
    const packages = { '': {}, 'node_modules/@tensorflow/tfjs-node-gpu': { version: '4.22.0' }, ...more };
    writeFileSync(join(this.clone, 'package-lock.json'), JSON.stringify({ packages }));
  }

  #env(more: Record<string, string>): Record<string, string> {
    return {
      ...{ PATH: join(this.folder, 'bin'), HOME: this.folder, XDG_CACHE_HOME: join(this.folder, 'cache') },
      ...{ FAKE_CALLS: join(this.folder, 'calls'), CEMIFLOW_TENSORFLOW: 'cpu', ...more },
    };
  }

  setUp(more: Record<string, string> = {}): Promise<Result> {
    return new Promise((resolve) => {
      const options = { cwd: this.clone, env: this.#env(more) };
      const child = execFile(process.execPath, ['setup.mjs'], options, (_error, out, err) =>
        resolve({ code: child.exitCode, output: out + err }),
      );
    });
  }

  /** A set-up that the test may kill. */
  begin(more: Record<string, string> = {}): ReturnType<typeof spawn> {
    return spawn(process.execPath, ['setup.mjs'], { cwd: this.clone, env: this.#env(more), stdio: 'ignore' });
  }

  /** The calls of tools that did work, probes left out. */
  calls(): string[] {
    return this.#noted(/^(go install|npm ci|node-gyp)|pip download/);
  }

  /** The calls of the compiler for our kernels. */
  compilations(): string[] {
    return this.#noted(/^c\+\+ .*ops\.cc/);
  }

  #noted(wanted: RegExp): string[] {
    const path = join(this.folder, 'calls');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    return lines.filter((line) => wanted.test(line)).sort();
  }

  /** Processes that were started with this machine's environment. */
  processes(): string[] {
    return readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`=${this.folder}/calls`);
      } catch {
        return false;
      }
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
