/** What a provider said of a key, as `libs/providers` puts it. */
export interface RecordedVerdict {
  verdict: string;
  /** By component; see `KeyVerdict`. */
  capabilities: Readonly<Record<string, string>>;
  missingPermissions?: readonly string[];
  retryAfterSeconds?: number;
  detail?: string;
}
