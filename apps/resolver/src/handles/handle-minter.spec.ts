import { randomBytes, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { cryptoReady, SecretBytes } from '#libs/crypto';
import { decodeHandle } from './handle.codec.js';
import { HandleMinter, type MintedFor } from './handle-minter.js';

const call: MintedFor = {
  organizationId: 'f1d3a1f6-4b2e-4a5e-9a55-0f7c0f3f7a01',
  callId: 'call-1',
  audience: 'orchestrator',
  keys: [
    { component: 'stt', secretId: '00000000-0000-4000-8000-000000000001', epoch: 3 },
    { component: 'llm', secretId: '00000000-0000-4000-8000-000000000002', epoch: 1 },
  ],
};
const [stt, llm] = [call.keys[0]!, call.keys[1]!];

describe('HandleMinter', () => {
  let minter: HandleMinter;

  beforeAll(async () => {
    await cryptoReady();
    minter = new HandleMinter(SecretBytes.take(Buffer.alloc(32, 7)));
  });

  const handlesOf = (changed: Partial<MintedFor> = {}, by = minter): string[] =>
    by.mint({ ...call, ...changed }).map(({ handle }) => handle);
  const tokensOf = (changed: Partial<MintedFor> = {}, by = minter): string[] =>
    by.mint({ ...call, ...changed }).map(({ token }) => token.toString('hex'));

  it('the same call with the same keys gets the same handles, in every process that has the key', () => {
    const sameKey = new HandleMinter(SecretBytes.take(Buffer.alloc(32, 7)));
    expect(handlesOf({}, sameKey)).toEqual(handlesOf());
  });

  it.each<[string, Partial<MintedFor>]>([
    ['call', { callId: 'call-2' }],
    ['organization', { organizationId: randomUUID() }],
    ['audience', { audience: 'post-call' }],
    ['version of a key', { keys: [{ ...stt, secretId: randomUUID() }, llm] }],
    ['epoch', { keys: [{ ...stt, epoch: 4 }, llm] }],
    ['set of components', { keys: [stt, llm, { ...llm, component: 'tts' }] }],
  ])('another %s gets other tokens throughout', (_, changed) => {
    const before = tokensOf();
    for (const token of tokensOf(changed)) expect(before).not.toContain(token);
  });

  it('parts cannot be shifted into each other', () => {
    const one = tokensOf({ callId: 'ab', audience: 'c' });
    const two = tokensOf({ callId: 'a', audience: 'bc' });
    expect(one).not.toEqual(two);
  });

  it('another key makes entirely other locators, tokens and entries: nothing follows from the call alone', () => {
    const other = new HandleMinter(SecretBytes.take(randomBytes(32)));
    const [mine, theirs] = [handlesOf(), handlesOf({}, other)].map((handles) =>
      handles.map((each) => decodeHandle(each)!),
    );
    mine!.forEach((parts, index) => {
      expect(theirs![index]!.locator).not.toEqual(parts.locator);
      expect(theirs![index]!.token).not.toEqual(parts.token);
    });
    expect(other.storeKeyOfCall(call.organizationId, call.callId, 'call')).not.toBe(
      minter.storeKeyOfCall(call.organizationId, call.callId, 'call'),
    );
    expect(other.storeKeyOf(mine![0]!.locator, 'call')).not.toBe(minter.storeKeyOf(mine![0]!.locator, 'call'));
  });

  it('the handles of a call share its locator, their tokens have nothing in common', () => {
    const [first, second] = handlesOf().map((handle) => decodeHandle(handle)!);
    expect(first!.locator).toEqual(second!.locator);
    expect([first!.component, second!.component]).toEqual(['stt', 'llm']);
    expect(first!.token).not.toEqual(second!.token);
  });

  it('every handle of a call leads to the entry of that call, and of no other stage of it', () => {
    const entry = minter.storeKeyOfCall(call.organizationId, call.callId, 'call');
    expect(minter.storeKeyOfCall(call.organizationId, call.callId, 'post_call')).not.toBe(entry);
    for (const handle of handlesOf()) expect(minter.storeKeyOf(decodeHandle(handle)!.locator, 'call')).toBe(entry);
    expect(entry).toMatch(/^[0-9a-f]{32}$/);
  });

  it('neither the entry’s name nor the name of a use holds any part of the handle', () => {
    const [handle] = handlesOf();
    const { locator, component, token } = decodeHandle(handle!)!;
    const visible = [minter.storeKeyOf(locator, 'call'), minter.useOf(component, token)];
    for (const secret of [locator, token]) {
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        for (const text of visible) expect(text).not.toContain(secret.toString(encoding).slice(0, 10));
      }
    }
    expect(minter.useOf('llm', token)).not.toBe(minter.useOf('stt', token));
  });
});
