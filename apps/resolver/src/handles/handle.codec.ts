import { componentNames, type ComponentName } from '#libs/contracts';

export const locatorBytes = 16;
export const tokenBytes = 32;
const handleBytes = locatorBytes + 1 + tokenBytes;

/** The parts of a handle: which call, which component, and the secret that opens only that component. */
export interface HandleParts {
  locator: Buffer;
  component: ComponentName;
  token: Buffer;
}

/** `locator ‖ component ‖ token` in base64url, 66 characters. */
export function encodeHandle({ locator, component, token }: HandleParts): string {
  const bytes = Buffer.allocUnsafe(handleBytes);
  locator.copy(bytes, 0);
  bytes[locatorBytes] = componentNames.indexOf(component);
  token.copy(bytes, locatorBytes + 1);
  return bytes.toString('base64url');
}

/** The parts of a handle; undefined for anything that is not exactly one. */
export function decodeHandle(handle: string): HandleParts | undefined {
  const bytes = Buffer.from(handle, 'base64url');
  if (bytes.length !== handleBytes || bytes.toString('base64url') !== handle) return undefined;
  const component = componentNames[bytes[locatorBytes]!];
  if (!component) return undefined;
  return { locator: bytes.subarray(0, locatorBytes), component, token: bytes.subarray(locatorBytes + 1) };
}
