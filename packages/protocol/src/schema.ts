/*
 * Schemas: each is a check, and the form it was made from. `documents/json-schema.ts` writes the
 * form as JSON Schema; a test lets a JSON Schema validator judge thousands of values and holds the
 * check to the same verdict.
 *
 *   1. A check never throws, changes nothing and keeps nothing: what passes is used as it came.
 *   2. A fault is the dotted path of the first wrong field, '' for the value itself. It names
 *      fields, never values.
 *   3. Values come from JSON: no undefined, no cycles, own fields only. No field is named as a
 *      property of Object.prototype is, so such a name is always one that is not known (P-207).
 *   4. Nothing here runs when a module loads but pure functions, so a bundle keeps only the
 *      schemas it uses. Object spread at the top level of a module would undo that.
 */

/** What a schema was made from: the name of the function, and what it was given. */
export type Form =
  | readonly ['anything']
  | readonly ['flag']
  | readonly ['text', most: number, least: number]
  | readonly ['matching', pattern: RegExp, most: number]
  | readonly ['numeric', least: number, most: number]
  | readonly ['whole', least: number, most: number]
  | readonly ['oneOf', values: readonly string[]]
  | readonly ['nullable', inner: Schema]
  | readonly ['list', item: Schema, most: number]
  | readonly ['map', name: Schema, item: Schema, most: number]
  | readonly ['object', fields: Fields, isExact: boolean]
  | readonly ['tagged', tag: string, options: ReadonlyMap<unknown, Schema>, other?: Schema];

declare const output: unique symbol;

/** What a value must be like, for the code and for the documents. */
export interface Schema<T = unknown> {
  readonly form: Form;
  /** Undefined when `value` fits, else the path of the first fault. */
  fault(value: unknown): string | undefined;
  readonly [output]?: T;
}

/** A field that may be missing. */
export interface OptionalSchema<T = unknown> extends Schema<T> {
  readonly isOptional: true;
}

/** The type of what fits a schema. */
export type Output<S> = S extends Schema<infer T> ? T : never;

type Fields = Readonly<Record<string, Schema>>;
type OptionalNames<F extends Fields> = {
  [Name in keyof F]: F[Name] extends OptionalSchema ? Name : never;
}[keyof F];
type Flat<T> = { [Name in keyof T]: T[Name] };
/** The type of an object with these fields. */
export type OutputOf<F extends Fields> = Flat<
  { -readonly [Name in Exclude<keyof F, OptionalNames<F>>]: Output<F[Name]> } & {
    -readonly [Name in OptionalNames<F>]?: Output<F[Name]> | undefined;
  }
>;

const here = '';

/* @__NO_SIDE_EFFECTS__ */
function schema<T>(form: Form, fits: (value: unknown) => boolean): Schema<T> {
  return { form, fault: (value) => (fits(value) ? undefined : here) };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A name in a path: a client chose it, so it is cut. */
const step = (name: string | number, rest: string): string =>
  rest === here ? String(name).slice(0, 64) : `${String(name).slice(0, 64)}.${rest}`;

/** Any value. */
export const anything: Schema<unknown> = { form: ['anything'], fault: () => undefined };

export const flag: Schema<boolean> = schema(['flag'], (value) => typeof value === 'boolean');

/** A string of `least` to `most` UTF-16 code units. */
/* @__NO_SIDE_EFFECTS__ */
export function text(most: number, least = 1): Schema<string> {
  return schema(
    ['text', most, least],
    (value) => typeof value === 'string' && value.length >= least && value.length <= most,
  );
}

/** A string that matches `pattern` and has at most `most` UTF-16 code units. */
/* @__NO_SIDE_EFFECTS__ */
export function matching(pattern: RegExp, most: number): Schema<string> {
  return schema(
    ['matching', pattern, most],
    (value) => typeof value === 'string' && value.length <= most && pattern.test(value),
  );
}

/** A finite number within bounds, both included. */
/* @__NO_SIDE_EFFECTS__ */
export function numeric(least: number, most: number): Schema<number> {
  return schema(
    ['numeric', least, most],
    (value) => typeof value === 'number' && value >= least && value <= most,
  );
}

/** A whole number within bounds, both included. */
/* @__NO_SIDE_EFFECTS__ */
export function whole(least: number, most: number): Schema<number> {
  return schema(
    ['whole', least, most],
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  );
}

/** One of some strings. */
/* @__NO_SIDE_EFFECTS__ */
export function oneOf<const T extends string>(...values: readonly T[]): Schema<T> {
  return schema(['oneOf', values], (value) => (values as readonly unknown[]).includes(value));
}

/* @__NO_SIDE_EFFECTS__ */
export function nullable<T>(inner: Schema<T>): Schema<T | null> {
  return {
    form: ['nullable', inner],
    fault: (value) => (value === null ? undefined : inner.fault(value)),
  };
}

/** Marks a field of {@link exact} or {@link open} as one that may be missing. */
/* @__NO_SIDE_EFFECTS__ */
export function optional<T>(inner: Schema<T>): OptionalSchema<T> {
  return { ...inner, isOptional: true };
}

/** A list of at most `most` items. */
/* @__NO_SIDE_EFFECTS__ */
export function list<T>(item: Schema<T>, most: number): Schema<T[]> {
  return {
    form: ['list', item, most],
    fault(value) {
      if (!Array.isArray(value) || value.length > most) return here;
      for (let index = 0; index < value.length; index += 1) {
        const fault = item.fault(value[index]);
        if (fault !== undefined) return step(index, fault);
      }
      return undefined;
    },
  };
}

/** An object of at most `most` fields, with names of one kind and values of another. */
/* @__NO_SIDE_EFFECTS__ */
export function map<T>(
  name: Schema<string>,
  item: Schema<T>,
  most: number,
): Schema<Record<string, T>> {
  return {
    form: ['map', name, item, most],
    fault(value) {
      if (!isObject(value)) return here;
      let count = 0;
      for (const key in value) {
        count += 1;
        if (count > most) return here;
        const fault = name.fault(key) ?? item.fault(value[key]);
        if (fault !== undefined) return step(key, fault);
      }
      return undefined;
    },
  };
}

/** An object with these fields and no other. For what a client sends (P-205). */
/* @__NO_SIDE_EFFECTS__ */
export function exact<F extends Fields>(fields: F): Schema<OutputOf<F>> {
  return object(fields, true);
}

/** An object with these fields; others pass unread. For what a server sends (P-205). */
/* @__NO_SIDE_EFFECTS__ */
export function open<F extends Fields>(fields: F): Schema<OutputOf<F>> {
  return object(fields, false);
}

/* @__NO_SIDE_EFFECTS__ */
function object<F extends Fields>(fields: F, isExact: boolean): Schema<OutputOf<F>> {
  const names = Object.keys(fields);
  const schemas = Object.values(fields);
  const isRequired = schemas.map((each) => !('isOptional' in each));
  return {
    form: ['object', fields, isExact],
    fault(value) {
      if (!isObject(value)) return here;
      let known = 0;
      for (let index = 0; index < names.length; index += 1) {
        const field = value[names[index]!];
        if (field === undefined) {
          if (isRequired[index]) return names[index];
          continue;
        }
        known += 1;
        const fault = schemas[index]!.fault(field);
        if (fault !== undefined) return step(names[index]!, fault);
      }
      return isExact ? unknownField(value, fields, known) : undefined;
    },
  };
}

/** Counts first: mostly nothing is unknown, and then no name has to be looked up. */
function unknownField(value: object, fields: Fields, known: number): string | undefined {
  let count = 0;
  for (const _ in value) count += 1;
  if (count === known) return undefined;
  return step(
    Object.keys(value).find((name) => !Object.hasOwn(fields, name))!,
    here,
  );
}

/**
 * One of several objects, told apart by the field `tag`. `make` is {@link exact} or {@link open};
 * `common` has the fields of all, `options` those of each by the tag's value. A tag that is not
 * among them is a fault, or goes by `other`.
 */
/* @__NO_SIDE_EFFECTS__ */
export function tagged<
  Tag extends string,
  Common extends Fields,
  Options extends Readonly<Record<string, Fields>>,
>(
  tag: Tag,
  make: (fields: Fields) => Schema,
  common: Common,
  options: Options,
  other?: Fields,
): Schema<
  {
    [Name in keyof Options]: Flat<{ [T in Tag]: Name } & OutputOf<Common & Options[Name]>>;
  }[keyof Options]
> {
  const names = Object.keys(options);
  const schemas = new Map<unknown, Schema>(
    names.map((name) => [name, make({ [tag]: oneOf(name), ...common, ...options[name] })]),
  );
  const rest = other && make({ ...common, ...other });
  return {
    form: rest ? ['tagged', tag, schemas, rest] : ['tagged', tag, schemas],
    fault(value) {
      if (!isObject(value)) return here;
      const chosen = schemas.get(value[tag]) ?? rest;
      return chosen === undefined ? tag : chosen.fault(value);
    },
  };
}
