import type { JsonSchema } from './json-schema.ts';

/** One answer of an HTTP route. */
export interface HttpAnswer {
  readonly description: string;
  /** The schema of its JSON body, where it has one. */
  readonly body?: JsonSchema | undefined;
}

/** One route of an HTTP API, as its owner describes it. */
export interface HttpRoute {
  readonly method: 'get' | 'put' | 'post' | 'patch' | 'delete';
  /** As in OpenAPI: `/v1/calls/{callId}`. */
  readonly path: string;
  /** A name of its own among the operations. */
  readonly operationId: string;
  readonly summary: string;
  /** What the summary has no room for. */
  readonly description?: string | undefined;
  /** The schema of the request's JSON body, where it has one. */
  readonly body?: JsonSchema | undefined;
  /** The answers, by HTTP status. */
  readonly answers: Readonly<Record<number, HttpAnswer>>;
}

/** What an HTTP API says about itself. */
export interface HttpApi {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly routes: readonly HttpRoute[];
  /** Schemas that bodies refer to by `#/components/schemas/NAME`. */
  readonly schemas?: Readonly<Record<string, JsonSchema>> | undefined;
}

type Json = Readonly<Record<string, unknown>>;

const content = (schema: JsonSchema): Json => ({ 'application/json': { schema } });

/**
 * The OpenAPI 3.1 document of an HTTP API. The schemas are the ones the API checks with, as JSON
 * Schema (draft 2020-12, the dialect of OpenAPI 3.1).
 */
export function openApiDocument(api: HttpApi): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const { method, path, operationId, summary, description, body, answers } of api.routes) {
    const responses = Object.entries(answers).map(([status, answer]) => [
      status,
      {
        description: answer.description,
        ...(answer.body !== undefined && { content: content(answer.body) }),
      },
    ]);
    (paths[path] ??= {})[method] = {
      operationId,
      summary,
      ...(description !== undefined && { description }),
      ...(body !== undefined && { requestBody: { required: true, content: content(body) } }),
      responses: Object.fromEntries(responses) as Json,
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: api.title,
      version: api.version,
      description: api.description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths,
    ...(api.schemas !== undefined && { components: { schemas: api.schemas } }),
  };
}
