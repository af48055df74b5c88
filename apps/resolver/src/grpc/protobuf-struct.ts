/** google.protobuf.Struct and Value as protobufjs decodes them (google/protobuf/struct.proto). */
export interface ProtobufStruct {
  fields?: Record<string, ProtobufValue>;
}

interface ProtobufValue {
  nullValue?: unknown;
  numberValue?: number;
  stringValue?: string;
  boolValue?: boolean;
  structValue?: ProtobufStruct;
  listValue?: { values?: ProtobufValue[] };
}

/** The JSON object that a Struct stands for. */
export function jsonOfStruct(struct: ProtobufStruct): Record<string, unknown> {
  return Object.fromEntries(Object.entries(struct.fields ?? {}).map(([name, value]) => [name, jsonOfValue(value)]));
}

function jsonOfValue(value: ProtobufValue): unknown {
  if (value.structValue) return jsonOfStruct(value.structValue);
  if (value.listValue) return (value.listValue.values ?? []).map(jsonOfValue);
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null;
}
