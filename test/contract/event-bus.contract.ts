import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { EventBus } from '#libs/messaging';
import type { EventBusConnection } from './event-bus.connection.js';
import { registerBorder } from './event-bus-border.contract.js';
import { registerFlow } from './event-bus-flow.contract.js';

/** One broker to test against. */
export interface EventBusHarness {
  /** A new bus on the broker; buses of one harness see each other's events. */
  connect(): EventBus;
  /** Makes topics of four partitions. */
  createTopics(topics: string[]): Promise<void>;
  dispose(): Promise<void>;
}

/** Registers the guarantees that every adapter of `EventBus` gives. */
export function describeEventBus(adapter: string, makeHarness: () => Promise<EventBusHarness>): void {
  describe(`event bus: ${adapter}`, () => {
    let harness: EventBusHarness;
    let buses: EventBus[] = [];
    const connection: EventBusConnection = {
      connect: () => {
        const bus = harness.connect();
        buses.push(bus);
        return bus;
      },
      newTopic: async () => {
        const name = `t-${randomUUID()}.v1`;
        await harness.createTopics([name]);
        return name;
      },
    };

    beforeAll(async () => {
      harness = await makeHarness();
    });
    afterAll(() => harness.dispose());
    afterEach(async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      buses = [];
    });

    registerFlow(connection);
    registerBorder(connection);
  });
}
