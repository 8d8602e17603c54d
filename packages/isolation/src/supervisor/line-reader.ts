import { StringDecoder } from 'node:string_decoder';

/** Longer lines are cut: a program may print without ever ending a line. */
const longestLine = 16_384;

/** Cuts output into lines, however it comes. */
export class LineReader {
  readonly #decoder = new StringDecoder('utf8');
  #held = '';

  /** The lines that `chunk` completes, without their ends. */
  push(chunk: Buffer): string[] {
    const lines = (this.#held + this.#decoder.write(chunk)).split('\n');
    this.#held = lines.pop()!.slice(0, longestLine);
    return lines.map((line) => line.replace(/\r$/, '').slice(0, longestLine));
  }

  /** What is left when the output ends. */
  end(): string[] {
    const rest = this.#held + this.#decoder.end();
    this.#held = '';
    return rest === '' ? [] : [rest];
  }
}
