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
  | readonly ['text', most: number, least: number, pattern: RegExp | undefined]
  | readonly ['numeric', most: number, least: number, isWhole: boolean]
  | readonly ['oneOf', values: readonly string[]]
  | readonly ['nullable', inner: Schema]
  | readonly ['optional', inner: Schema]
  | readonly ['list', item: Schema, most: number]
  | readonly ['map', name: Schema, item: Schema, most: number]
  | readonly ['object', fields: Fields, isExact: boolean]
  | readonly [
      'tagged',
      tag: string,
      options: ReadonlyMap<unknown, Schema>,
      other: Schema | undefined,
    ]
  | readonly ['either', options: ReadonlyMap<string, Schema>];

declare const output: unique symbol;

/** What a value must be like, for the code and for the documents. */
export interface Schema<T = unknown> {
  readonly form: Form;
  /** Undefined when `value` fits, else the path of the first fault. A missing value is undefined. */
  fault(value: unknown): string | undefined;
  readonly [output]?: T;
}

/** A field that may be missing. */
export interface OptionalSchema<T = unknown> extends Schema<T> {
  readonly form: readonly ['optional', inner: Schema];
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

/** A fault in a field, seen from the object. The name is cut: a client chose it. */
const within = (name: string | number, fault: string): string =>
  String(name).slice(0, 64) + (fault && `.${fault}`);

/** Any value. */
export const anything: Schema<unknown> = schema(['anything'], (value) => value !== undefined);

export const flag: Schema<boolean> = schema(['flag'], (value) => typeof value === 'boolean');

/** A string of `least` to `most` UTF-16 code units, that matches `pattern` where there is one. */
/* @__NO_SIDE_EFFECTS__ */
export function text(most: number, least = 1, pattern?: RegExp): Schema<string> {
  return schema(
    ['text', most, least, pattern],
    (value) =>
      typeof value === 'string' &&
      value.length >= least &&
      value.length <= most &&
      (!pattern || pattern.test(value)),
  );
}

/** A finite number within bounds, both included. */
/* @__NO_SIDE_EFFECTS__ */
export function numeric(most: number, least = 0, isWhole = false): Schema<number> {
  return schema(
    ['numeric', most, least, isWhole],
    (value) =>
      typeof value === 'number' &&
      value >= least &&
      value <= most &&
      (!isWhole || Number.isInteger(value)),
  );
}

/** A whole number within bounds, both included. */
/* @__NO_SIDE_EFFECTS__ */
export function whole(most: number, least?: number): Schema<number> {
  return numeric(most, least, true);
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
  return {
    form: ['optional', inner],
    fault: (value) => (value === undefined ? undefined : inner.fault(value)),
  };
}

/** A list of at most `most` items. */
/* @__NO_SIDE_EFFECTS__ */
export function list<T>(item: Schema<T>, most = 1_000): Schema<T[]> {
  return {
    form: ['list', item, most],
    fault(value) {
      if (!Array.isArray(value) || value.length > most) return here;
      for (let index = 0; index < value.length; index += 1) {
        const fault = item.fault(value[index]);
        if (fault !== undefined) return within(index, fault);
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
  most = 1_000,
): Schema<Record<string, T>> {
  return {
    form: ['map', name, item, most],
    fault(value) {
      if (!isObject(value) || Object.keys(value).length > most) return here;
      for (const key in value) {
        const fault = name.fault(key) ?? item.fault(value[key]);
        if (fault !== undefined) return within(key, fault);
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
  const entries = Object.entries(fields);
  return {
    form: ['object', fields, isExact],
    fault(value) {
      if (!isObject(value)) return here;
      for (const [name, field] of entries) {
        const fault = field.fault(value[name]);
        if (fault !== undefined) return within(name, fault);
      }
      if (isExact) {
        for (const name in value) if (!Object.hasOwn(fields, name)) return within(name, here);
      }
      return undefined;
    },
  };
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
  const schemas = new Map<unknown, Schema>(
    Object.entries(options).map(([name, fields]) => [
      name,
      make({ [tag]: oneOf(name), ...common, ...fields }),
    ]),
  );
  const rest = other && make({ ...common, ...other });
  return {
    form: ['tagged', tag, schemas, rest],
    fault(value) {
      if (!isObject(value)) return here;
      const chosen = schemas.get(value[tag]) ?? rest;
      return chosen ? chosen.fault(value) : tag;
    },
  };
}

/** An object with the `common` fields and exactly one of the `choices`, and no other (P-205). */
/* @__NO_SIDE_EFFECTS__ */
export function either<Common extends Fields, Choices extends Fields>(
  common: Common,
  choices: Choices,
): Schema<
  {
    [Name in keyof Choices]: Flat<
      OutputOf<Common & Pick<Choices, Name>> & {
        [Other in Exclude<keyof Choices, Name>]?: undefined;
      }
    >;
  }[keyof Choices]
> {
  const options = new Map<string, Schema>(
    Object.entries(choices).map(([name, field]) => [name, exact({ ...common, [name]: field })]),
  );
  const [first] = options.keys();
  return {
    form: ['either', options],
    fault(value) {
      if (!isObject(value)) return here;
      const chosen = [...options.keys()].find((name) => Object.hasOwn(value, name));
      return options.get(chosen ?? first!)!.fault(value);
    },
  };
}
