import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

const running = new Set();

/** Ends every command that still runs, with the processes that it started. */
export const stopCommands = () => {
  for (const child of running) {
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // It ended in the meantime.
    }
  }
};

/** A command that failed, with the end of what it wrote. */
export class CommandFailed extends Error {
  constructor(command, how, output, log) {
    super(`${command} ended with ${how}`);
    this.output = output;
    this.log = log;
  }
}

const keptOutputBytes = 64 * 1024;

/**
 * Runs a command to its end. Its output goes to the log file; its last lines are returned, or are part of the error.
 *
 * @param options.log file that is appended to; none for short probes
 * @throws CommandFailed when it cannot be started or its exit code is not 0
 */
export const run = (file, args, { cwd, env = process.env, log } = {}) =>
  new Promise((resolve, reject) => {
    const name = [file.split('/').at(-1), ...args].join(' ').slice(0, 120);
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running.add(child);
    if (log) mkdirSync(dirname(log), { recursive: true });
    const file_ = log ? createWriteStream(log, { flags: 'a' }) : undefined;
    file_?.write(`$ ${name}\n`);
    let output = '';
    const keep = (chunk) => {
      file_?.write(chunk);
      output = (output + chunk).slice(-keptOutputBytes);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const end = (how) => {
      running.delete(child);
      file_?.end();
      if (how === undefined) resolve(output);
      else reject(new CommandFailed(name, how, output, log));
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) =>
      end(code === 0 ? undefined : signal ? `signal ${signal}` : `exit code ${code}`),
    );
  });

/** The output of a short command, or undefined when it cannot be run or fails. */
export const probe = async (file, args) => {
  try {
    return await run(file, args);
  } catch {
    return undefined;
  }
};
