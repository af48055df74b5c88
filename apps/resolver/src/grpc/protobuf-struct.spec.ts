import { describe, expect, it } from '@jest/globals';
import { loadSync } from '@grpc/proto-loader';
import { keyResolverProto } from '#libs/contracts';
import fc from 'fast-check';
import { jsonOfStruct, type ProtobufStruct } from './protobuf-struct.js';

/** As the gRPC server decodes messages (grpc-server.ts). */
const definition = loadSync(keyResolverProto.path, { keepCase: true, defaults: true, arrays: true, longs: Number });
const method = definition['latchkey.v1.KeyResolver'] as unknown as Record<
  'ResolveCall',
  { requestSerialize: (message: object) => Buffer; requestDeserialize: (bytes: Buffer) => { config: ProtobufStruct } }
>;

function overTheWire(config: object): Record<string, unknown> {
  const bytes = method.ResolveCall.requestSerialize({ call_id: 'c', organization_id: 'o', config });
  return jsonOfStruct(method.ResolveCall.requestDeserialize(bytes).config);
}

function structOf(json: object): object {
  return { fields: Object.fromEntries(Object.entries(json).map(([name, value]) => [name, valueOf(value)])) };
}

function valueOf(value: unknown): object {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (Array.isArray(value)) return { listValue: { values: value.map(valueOf) } };
  if (typeof value === 'object') return { structValue: structOf(value) };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return { numberValue: value };
}

describe('a Struct', () => {
  it('arrives as the JSON object it stands for, the empty, the false and the nothing included', () => {
    const json = {
      stt_config: { provider: 'deepgram', model: 'nova-3', keywords: ['a', '', null, { deep: [[]] }] },
      llm_config: { temperature: 0, stream: false, seed: null, nested: {} },
      tts_config: null,
      analysis_plan: { enabled: true, email_recipients: [] },
      numbers: [0, -1, 1.5, 2 ** 53, -0.001],
      'odd name with "quotes"': 'ü€😀',
    };
    expect(overTheWire(structOf(json))).toEqual(json);
  });

  it('without fields is an empty object', () => {
    expect(overTheWire({})).toEqual({});
    expect(jsonOfStruct({})).toEqual({});
  });

  it('with a value of no kind at all has null there', () => {
    expect(overTheWire({ fields: { nothing: {} } })).toEqual({ nothing: null });
  });

  it('of any JSON object is that object', () => {
    const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
    const { object } = fc.letrec((tie) => ({
      leaf: fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant(null)),
      value: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('object'), fc.array(tie('value'), { maxLength: 3 })),
      object: fc.dictionary(name, tie('value'), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(object, (json) => {
        expect(JSON.stringify(overTheWire(structOf(json as object)))).toBe(JSON.stringify(json));
      }),
    );
  });

  it('cannot reach a prototype', () => {
    const json = jsonOfStruct({
      fields: JSON.parse('{"__proto__":{"structValue":{"fields":{"admin":{"boolValue":true}}}}}'),
    });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect((json as { admin?: boolean }).admin).toBeUndefined();
  });
});
