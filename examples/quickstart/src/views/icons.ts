const receiver =
  'M2.7 14.7a2.2 2.2 0 0 1 0-3.1C5.2 9.1 8.5 7.9 12 7.9s6.8 1.2 9.3 3.7a2.2 2.2 0 0 1 0 3.1l-1.2 1.2c-.6.6-1.5.7-2.2.2l-1.9-1.3c-.5-.4-.8-1-.8-1.6v-1.3a10.4 10.4 0 0 0-6.4 0v1.3c0 .6-.3 1.2-.8 1.6l-1.9 1.3c-.7.5-1.6.4-2.2-.2z';
const microphone =
  '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>';
const camera =
  '<rect x="3" y="6.5" width="12" height="11" rx="2.5"/><path d="m15 11 5.5-3v8L15 13z"/>';
const slash = '<path class="slash" d="M4 4l16 16"/>';

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
