import type { Form, Schema } from '../schema.ts';

/** A JSON Schema (draft 2020-12), or a part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * Writes schemas as JSON Schema. Those that are `shared` are written once, by name, and stand as a
 * `$ref` wherever the code uses the same schema.
 */
export class JsonSchemas {
  readonly #names: ReadonlyMap<Schema, string>;
  readonly #prefix: string;

  /** `prefix` is where the shared schemas stand: `#/components/schemas/`. */
  constructor(shared: Readonly<Record<string, Schema>> = {}, prefix = '#/$defs/') {
    this.#names = new Map(Object.entries(shared).map(([name, schema]) => [schema, name]));
    this.#prefix = prefix;
  }

  /** The schema, or a `$ref` where it is a shared one. */
  write(schema: Schema): JsonSchema {
    const name = this.#names.get(schema);
    return name === undefined ? this.#write(schema.form) : { $ref: this.#prefix + name };
  }

  /** The shared schemas themselves. */
  definitions(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries(
      [...this.#names].map(([{ form }, name]) => [name, this.#write(form)]),
    );
  }

  #write(form: Form): JsonSchema {
    switch (form[0]) {
      case 'anything':
        return {};
      case 'flag':
        return { type: 'boolean' };
      case 'text':
        return {
          type: 'string',
          minLength: form[2],
          maxLength: form[1],
          ...(form[3] && { pattern: form[3].source }),
        };
      case 'numeric':
        return { type: form[3] ? 'integer' : 'number', minimum: form[2], maximum: form[1] };
      case 'oneOf':
        return { enum: form[1] };
      case 'nullable':
        return { anyOf: [this.write(form[1]), { type: 'null' }] };
      case 'optional':
        return this.write(form[1]);
      case 'list':
        return { type: 'array', items: this.write(form[1]), maxItems: form[2] };
      case 'map':
        return {
          type: 'object',
          propertyNames: this.write(form[1]),
          additionalProperties: this.write(form[2]),
          maxProperties: form[3],
        };
      case 'object': {
        const fields = Object.entries(form[1]);
        return {
          type: 'object',
          properties: Object.fromEntries(fields.map(([name, field]) => [name, this.write(field)])),
          required: fields.filter(([, { form }]) => form[0] !== 'optional').map(([name]) => name),
          ...(form[2] && { additionalProperties: false }),
        };
      }
      case 'tagged': {
        const [, tag, options, other] = form;
        const written = [...options.values()].map((option) => this.write(option));
        if (other === undefined) return { oneOf: written };
        const isNamed = { properties: { [tag]: { enum: [...options.keys()] } } };
        return { oneOf: [...written, { allOf: [this.write(other), { not: isNamed }] }] };
      }
      case 'either':
        return { oneOf: [...form[1].values()].map((option) => this.write(option)) };
    }
  }
}
