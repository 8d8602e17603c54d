import { CLOSE } from '../close.ts';

/** What each close code means and what the client does about it, for the documents. */
const closeTexts: Readonly<Record<keyof typeof CLOSE, string>> = {
  normal: 'The client or the server is done.',
  unsupportedData: 'A binary frame came: frames are text.',
  invalidFrame: 'A frame came that is no JSON object, or no request and no notice.',
  tooLarge: 'A frame came over the size limit.',
  internal: 'Something broke on the server. Come back.',
  restart: 'The server is going away. Come back after a random part of the spread.',
  overloaded: 'The server is full. Come back later.',
  helloTimeout: 'No hello came in time.',
  unauthorized: 'The token is bad or has expired. Get a fresh one first.',
  outOfOrder: 'Something other than hello came first, or hello came twice.',
  tooSlow: 'The client reads too slowly. Come back and catch up.',
  replaced: 'Another connection of the same device took over. Do not come back by yourself.',
  flood: 'The client sends too much. Come back later.',
};

/** One close code, as the documents list it. */
export interface CloseCode {
  readonly code: number;
  readonly name: string;
  readonly meaning: string;
}

/** Every close code, in order. */
export function closeCodes(): readonly CloseCode[] {
  const names = Object.keys(CLOSE) as (keyof typeof CLOSE)[];
  return names.map((name) => ({ code: CLOSE[name], name, meaning: closeTexts[name] }));
}
