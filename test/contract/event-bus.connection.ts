import type { EventBus } from '#libs/messaging';

/** What the tests of the contract use. */
export interface EventBusConnection {
  /** A new bus, closed after the test. */
  connect(): EventBus;
  /** The name of a topic of four partitions that no other test uses. */
  newTopic(): Promise<string>;
}
