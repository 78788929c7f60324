/** Compare JSON with the schemas that are made from the classes of `evidence` (`python -m evidence.page.schemas`). */

import { isCanonicalInstant, parseInstant } from "./instant.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import documents from "./schemas.json" with { type: "json" };

/** The part of JSON Schema that the classes use. */
interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string;
  const?: Json;
  enum?: Json[];
  anyOf?: Schema[];
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: Schema;
  prefixItems?: Schema[];
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  /** Fields that are left out, never null, where there is nothing to say. */
  absentWhenNull?: string[];
}

export type SchemaName = keyof typeof documents;

/** `written`: exactly as our own writer leaves it, with every field and one form of instants; `read`: defaults apply. */
export type Strictness = "written" | "read";

/** Where and how a value differs from its schema. */
export class SchemaFault extends Error {}

/** SchemaFault unless the value is what the schema says. */
export function conform(value: Json, name: SchemaName, strictness: Strictness): void {
  const document = documents[name] as Schema;
  new Comparison(document.$defs ?? {}, strictness).check(value, document, "");
}

class Comparison {
  constructor(
    private readonly definitions: Record<string, Schema>,
    private readonly strictness: Strictness,
  ) {}

  check(value: Json, schema: Schema, where: string): void {
    if (schema.$ref !== undefined) {
      const target = this.definitions[schema.$ref.replace("#/$defs/", "")];
      if (target === undefined) throw new Error(`schema ${schema.$ref}`);
      return this.check(value, target, where);
    }
    if (schema.anyOf !== undefined) return this.any(value, schema.anyOf, where);
    if (schema.const !== undefined && value !== schema.const) throw fault(where, `must be ${String(schema.const)}`);
    if (schema.enum !== undefined && !schema.enum.includes(value)) throw fault(where, "is none of the known words");
    switch (schema.type) {
      case "string":
        return this.text(value, schema, where);
      case "integer":
        return this.integer(value, schema, where);
      case "boolean":
        return demand(typeof value === "boolean", where, "must be true or false");
      case "null":
        return demand(value === null, where, "must be null");
      case "array":
        return this.array(value, schema, where);
      case "object":
        return this.object(value, schema, where);
      default:
        throw new Error(`schema type ${schema.type}`);
    }
  }

  private any(value: Json, choices: Schema[], where: string): void {
    const nullable = choices.some((choice) => choice.type === "null");
    const others = choices.filter((choice) => choice.type !== "null");
    if (nullable && value === null) return;
    if (others.length !== 1) throw new Error("schema anyOf");
    this.check(value, others[0]!, where);
  }

  private text(value: Json, schema: Schema, where: string): void {
    if (typeof value !== "string") throw fault(where, "must be a string");
    const length = [...value].length;
    demand(length >= (schema.minLength ?? 0) && length <= (schema.maxLength ?? Infinity), where, "length");
    if (schema.pattern !== undefined) demand(new RegExp(schema.pattern, "u").test(value), where, "pattern");
    if (schema.format === "date-time") {
      const known = this.strictness === "written" ? isCanonicalInstant(value) : parseInstant(value) !== null;
      demand(known, where, "must be an instant in UTC");
    } else if (schema.format === "date") {
      demand(parseInstant(`${value}T00:00:00Z`) !== null, where, "must be a date");
    } else if (schema.format !== undefined) throw new Error(`schema format ${schema.format}`);
  }

  private integer(value: Json, schema: Schema, where: string): void {
    if (typeof value !== "number" && typeof value !== "bigint") throw fault(where, "must be an integer");
    demand(value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity), where, "out of bounds");
  }

  private array(value: Json, schema: Schema, where: string): void {
    if (!Array.isArray(value)) throw fault(where, "must be a list");
    demand(value.length >= (schema.minItems ?? 0) && value.length <= (schema.maxItems ?? Infinity), where, "length");
    value.forEach((item, index) => {
      const own = schema.prefixItems?.[index] ?? schema.items;
      if (own !== undefined) this.check(item, own, `${where}.${index}`);
    });
  }

  private object(value: Json, schema: Schema, where: string): void {
    if (!isObject(value)) throw fault(where, "must be an object");
    const known = schema.properties ?? {};
    for (const [key, item] of Object.entries(value)) {
      const own = Object.hasOwn(known, key) ? known[key] : schema.additionalProperties;
      if (typeof own !== "object") throw fault(`${where}.${key}`, "unknown field");
      if (item === null && schema.absentWhenNull?.includes(key) && this.strictness === "written")
        throw fault(`${where}.${key}`, "must be left out, not null");
      this.check(item, own, `${where}.${key}`);
    }
    for (const key of this.demanded(schema)) demand(Object.hasOwn(value, key), `${where}.${key}`, "is missing");
  }

  private demanded(schema: Schema): readonly string[] {
    if (this.strictness === "read") return schema.required ?? [];
    return Object.keys(schema.properties ?? {}).filter((key) => !schema.absentWhenNull?.includes(key));
  }
}

/** Return an object's field, which a schema has vouched for. */
export function field<T extends Json>(object: JsonObject, name: string): T {
  return object[name] as T;
}

function demand(holds: boolean, where: string, what: string): void {
  if (!holds) throw fault(where, what);
}

function fault(where: string, what: string): SchemaFault {
  return new SchemaFault(`${where.replace(/^\./, "")}: ${what}`);
}
