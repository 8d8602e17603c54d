const receiver =
  'M2.7 14.7a2.2 2.2 0 0 1 0-3.1C5.2 9.1 8.5 7.9 12 7.9s6.8 1.2 9.3 3.7a2.2 2.2 0 0 1 0 3.1l-1.2 1.2c-.6.6-1.5.7-2.2.2l-1.9-1.3c-.5-.4-.8-1-.8-1.6v-1.3a10.4 10.4 0 0 0-6.4 0v1.3c0 .6-.3 1.2-.8 1.6l-1.9 1.3c-.7.5-1.6.4-2.2-.2z';
const microphone =
  '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>';
const camera =
  '<rect x="3" y="6.5" width="12" height="11" rx="2.5"/><path d="m15 11 5.5-3v8L15 13z"/>';
const slash = '<path class="slash" d="M4 4l16 16"/>';
const head = '<circle cx="9.5" cy="8.5" r="3.5"/><path d="M3 19.5a6.5 6.5 0 0 1 13 0"/>';
const keys = [5.5, 12, 18.5]
  .flatMap((y) => [5.5, 12, 18.5].map((x) => `<circle class="solid" cx="${x}" cy="${y}" r="1.7"/>`))
  .join('');

const shapes = {
  call: `<path transform="rotate(-135 12 12)" class="solid" d="${receiver}"/>`,
  'hang-up': `<path class="solid" d="${receiver}"/>`,
  microphone,
  'microphone-off': microphone + slash,
  camera,
  'camera-off': camera + slash,
  hold: '<path d="M9 6v12M15 6v12"/>',
  resume: '<path class="solid" d="M8 5.5v13l10.5-6.5z"/>',
  arrow: '<path d="M5 12h14M13 6l6 6-6 6"/>',
  tab: '<rect x="3.5" y="5" width="17" height="14" rx="2.5"/><path d="M3.5 9.5h17M9.5 5v4.5"/>',
  warning: '<path d="M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.2"/>',
  sound: '<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/>',
  keypad: keys,
  people: `${head}<path d="M15.5 5.3a3.5 3.5 0 0 1 0 6.4M18 13.9a6.5 6.5 0 0 1 3.2 5.6"/>`,
  add: `${head}<path d="M19 8v6M16 11h6"/>`,
  transfer: '<path d="M4 8h13M13 4l4 4-4 4M20 16H7M11 12l-4 4 4 4"/>',
  swap: '<path d="M8 4v13M4.5 13.5 8 17l3.5-3.5M16 20V7M12.5 10.5 16 7l3.5 3.5"/>',
  merge: '<path d="M6 4v4.5c0 3 6 3 6 6V20M18 4v4.5c0 3-6 3-6 6M9 17l3 3 3-3"/>',
  settings:
    '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
  language:
    '<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17"/>',
  close: '<path d="M6 6l12 12M18 6 6 18"/>',
  remove: `${head}<path d="M16 11h6"/>`,
} as const;

export type IconName = keyof typeof shapes;

/** A picture for the eye only; the words beside it say the same. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon');
  svg.innerHTML = shapes[name];
  return svg;
}
