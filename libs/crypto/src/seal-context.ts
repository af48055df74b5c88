/** What a sealed record holds; part of its header and of its label, so one type never opens as another. */
export type RecordType =
  'api-key' | 'dek' | 'tenant-kek' | 'service-key' | 'handle' | 'backup' | 'webhook-secret' | 'idempotent-answer';

/** Names the key that seals: what the header of every record says and every open compares. */
export interface KeyRef {
  /** 16 bytes. */
  readonly id: Buffer;
  /** An integer from 0 to 2^32-1. */
  readonly version: number;
}

/**
 * The additional authenticated data of a record: rebuilt on open from the row's primary key and the authenticated
 * caller, never read out of the record. Numbers are integers from 0 to 2^53-1.
 */
export interface SealContext {
  readonly recordType: RecordType;
  readonly fields: readonly (string | number)[];
}
