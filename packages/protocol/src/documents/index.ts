export { asyncApiDocument } from './async-api.ts';
export { closeCodes } from './close-codes.ts';
export { JsonSchemas } from './json-schema.ts';
export { openApiDocument } from './open-api.ts';

export type { CloseCode } from './close-codes.ts';
export type { JsonSchema } from './json-schema.ts';
export type { HttpAnswer, HttpApi, HttpRoute } from './open-api.ts';
