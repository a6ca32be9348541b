// Stands between a worker and a program: when the worker is gone, however it went, the program and all that it started go too. It
// is told what to start by a message, so that nothing of the program's environment applies to it.
import { spawn } from 'node:child_process';
import { killStrays, memoryOf } from './strays.mjs';

let program;
let mark = '';
let timer;
let watch;

const toGroup = (signal) => {
  try {
    if (program?.pid) process.kill(-program.pid, signal);
  } catch {
    // Nobody is left in it.
  }
};

/** @param {object} end what the worker is told; nothing where there is none any more */
const finish = (end) => {
  clearTimeout(timer);
  clearInterval(watch);
  toGroup('SIGKILL');
  // A process may fork between the search and the kill.
  for (let left = killStrays(mark), i = 0; left > 0 && i < 10; i++) left = killStrays(mark);
  if (process.connected) process.send(end, () => process.exit(0));
  else process.exit(0);
};

process.on('message', ({ start, stop }) => {
  if (start) {
    mark = start.mark;
    const [file, ...args] = start.command;
    const { cwd, env } = start;
    // Its own group, so that a Ctrl-C in the worker's terminal does not reach it and one signal reaches all of it.
    program = spawn(file, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    program.once('error', (error) => finish({ failed: error.message, code: error.code }));
    program.once('exit', (code, signal) => finish({ code, signal }));
    if (start.memoryBytes)
      watch = setInterval(() => {
        if (memoryOf(mark) > start.memoryBytes) finish({ code: null, signal: 'SIGKILL', tooLarge: true });
      }, 1000);
  }
  if (stop && timer === undefined) {
    toGroup('SIGTERM');
    timer = setTimeout(() => toGroup('SIGKILL'), stop.graceMs);
  }
});
process.on('disconnect', () => finish({}));
// Meant for the worker, which decides what becomes of the program.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
