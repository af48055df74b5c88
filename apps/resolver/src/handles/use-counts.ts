/**
 * How long the use counts of a call are kept after the last use, in milliseconds. Longer than any bundle lives and
 * can be put again, so that a used handle stays used.
 */
export const useCountsTtlMs = 900_000;
