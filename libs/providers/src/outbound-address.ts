import { BlockList, isIP } from 'node:net';

/** What kind of network an address belongs to. */
export type AddressKind = 'public' | 'loopback' | 'private' | 'reserved';

const loopback = blockList('127.0.0.0/8', '::1/128');

/** Networks of one's own: cloud neighbours, containers, offices. */
const privateNetworks = blockList('10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7');

/** Nobody's, or a machine's own: link-local (where clouds keep their metadata), multicast, translated, documentation. */
const reserved = blockList(
  '0.0.0.0/8',
  // Where one cloud answers its machines, at an address that looks public.
  '168.63.129.16/32',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  // Where one cloud keeps its metadata inside the private range.
  'fd00:ec2::254/128',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
);

/** The kind of an IP address in text form; whatever is not an address is reserved. */
export function addressKind(address: string): AddressKind {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return 'reserved';
  const type = family === 6 ? 'ipv6' : 'ipv4';
  // IPv4 inside IPv6, in whatever spelling: nobody needs to write it so.
  if (type === 'ipv6' && new URL(`http://[${address}]`).hostname.startsWith('[::ffff:')) return 'reserved';
  if (loopback.check(address, type)) return 'loopback';
  if (reserved.check(address, type)) return 'reserved';
  return privateNetworks.check(address, type) ? 'private' : 'public';
}

function blockList(...networks: string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, prefix] = network.split('/') as [string, string];
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
