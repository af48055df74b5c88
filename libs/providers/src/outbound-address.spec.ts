import { describe, expect, it } from '@jest/globals';
import { addressKind } from './outbound-address.js';

describe('the kind of an address', () => {
  it.each([
    ['public', ['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.0', '100.128.0.1', '2606:4700::1111']],
    ['loopback', ['127.0.0.1', '127.255.0.9', '::1', '0:0:0:0:0:0:0:1']],
    [
      'private',
      ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '100.100.100.200', 'fd12::1'],
    ],
    [
      'reserved',
      ['169.254.169.254', '0.0.0.0', '::', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254', '224.0.0.1', 'ff02::1'],
    ],
    ['reserved', ['168.63.129.16', '3fff::1', '3fff:fff:ffff::1', '5f00::1', '5f00:ffff::1']],
    ['public', ['168.63.129.15', '168.63.129.17', '3fff:1000::1', '5eff::1', '5f01::1']],
    // Other spellings of IPv4 addresses inside IPv6.
    [
      'reserved',
      ['::ffff:127.0.0.1', '::ffff:a00:1', '0:0:0:0:0:ffff:7f00:1', '::7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::'],
    ],
    ['reserved', ['255.255.255.255', '192.0.2.1', '198.18.0.1', '2001:db8::1', '', 'localhost', '127.1', '1.2.3.4.5']],
  ])('is %s for %j', (kind, addresses) => {
    expect(addresses.map((address) => [address, addressKind(address)])).toEqual(
      addresses.map((address) => [address, kind]),
    );
  });
});
