const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const spinEveryMs = 100;
const remindEveryMs = 30_000;

/** `7.3 s`, `2 min 05 s` */
export const duration = (ms) => {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
};

/**
 * Tells what set-up does: a line when a step begins, is done or fails. On a terminal a moving last line names the steps
 * in work; elsewhere a line every half minute says that they still are.
 */
export class Progress {
  constructor(output = process.stderr) {
    this.output = output;
    this.startedAt = Date.now();
    this.active = new Map();
    this.frame = 0;
    this.timer = undefined;
  }

  line(text) {
    this.clear();
    this.output.write(`[${duration(Date.now() - this.startedAt).padStart(12)}] ${text}\n`);
  }

  /** Runs a step between its two lines; `work` gets a function that tells what it is at. */
  async step(name, work) {
    const startedAt = Date.now();
    this.active.set(name, startedAt);
    this.line(`${name} …`);
    this.timer ??= setInterval(() => this.tick(), this.output.isTTY ? spinEveryMs : remindEveryMs);
    try {
      const result = await work((note) => this.line(`${name}: ${note}`));
      this.line(`${name}: done in ${duration(Date.now() - startedAt)}`);
      return result;
    } catch (error) {
      this.line(`${name}: failed after ${duration(Date.now() - startedAt)}`);
      throw error;
    } finally {
      this.active.delete(name);
      if (this.active.size === 0) this.stop();
    }
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.clear();
  }

  tick() {
    const steps = [...this.active].map(([name, since]) => `${name} (${duration(Date.now() - since)})`).join(', ');
    if (!this.output.isTTY) return this.line(`still at work: ${steps}`);
    this.frame = (this.frame + 1) % frames.length;
    const width = (this.output.columns ?? 80) - 1;
    this.output.write(`\r\x1b[2K${`${frames[this.frame]} ${steps}`.slice(0, width)}`);
  }

  clear() {
    if (this.output.isTTY) this.output.write('\r\x1b[2K');
  }
}
