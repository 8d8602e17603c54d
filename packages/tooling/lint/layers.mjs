/**
 * The layer of every package. Imports go strictly downward, never sideways. A package that is not
 * here is refused: it gets its line together with its folder.
 */
export const layers = {
  base: 0,
  'call-rules': 1,
  isolation: 1,
  protocol: 2,
  'call-machine': 2,
  'signaling-client': 3,
  'signaling-server': 3,
  media: 3,
  phone: 4,
  'store-sql': 4,
  cluster: 4,
  sfu: 4,
  'sip-gateway': 4,
  telephony: 4,
  react: 5,
  server: 5,
  testing: 6,
  'system-tests': 7,
};

/** Examples are host apps: they see everything a user sees. */
export const exampleLayer = 6;

/** The tools of this repository. Configuration files and the system tests use them. */
export const toolingPackage = 'tooling';
