import { describe, expect, it } from '@jest/globals';
import { RouteMethods } from './route-methods.js';

describe('the methods of an address', () => {
  const routes = new RouteMethods();
  routes.add({ method: 'GET', url: '/byok' });
  routes.add({ method: ['HEAD', 'POST'], url: '/byok' });
  routes.add({ method: 'GET', url: '/byok/keys/:provider' });
  routes.add({ method: 'POST', url: '/byok/keys/:provider/rotate' });

  it.each<[string, string[]]>([
    ['/byok', ['GET', 'POST']],
    ['/byok/', ['GET', 'POST']],
    ['/byok?provider=openai', ['GET', 'POST']],
    ['/byok/keys/openai', ['GET']],
    ['/byok/keys/%E0%A4%A', ['GET']],
    ['/byok/keys/openai/rotate', ['POST']],
    ['/byok/keys/', []],
    ['/byok/keys', []],
    ['/byo', []],
    ['/', []],
  ])('%s: %j', (address, methods) => expect(routes.of(address)).toEqual(methods));
});
