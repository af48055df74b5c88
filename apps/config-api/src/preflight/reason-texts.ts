import type { UnresolvedReason } from '#libs/contracts';

/** What each reason means and what a person can do about it; `{slot}`, `{model}` and `{region}` are filled in. */
export const reasonTexts: Record<UnresolvedReason, string> = {
  no_key: 'No {slot} key is stored and the policy of the slot lets no other take its place: add one with POST /byok.',
  revoked: 'The {slot} key has been revoked: add a new one with POST /byok.',
  quarantined: '{slot} refuses the key, so it is out of use: replace it, or mend the account at the provider.',
  expired: 'The {slot} key is past its expiry date: replace it, or move the date with PUT /byok/keys/{slot}/policy.',
  sealed: 'The {slot} key cannot be opened at the moment: the key-encryption key is not available.',
  model_not_allowed: 'The policy of the {slot} slot does not allow the model {model}: see allowed_models.',
  region_mismatch: 'The {slot} slot is bound to another region than {region}: see region in its policy.',
  no_platform_key:
    'No {slot} key is stored, and nobody else has one that may be used for this: add your own with POST /byok.',
  unknown_provider: 'The configuration names no provider that is known for this component.',
  assistant_not_found: 'There is no such assistant.',
  call_ended: 'The call has ended.',
  assistant_lookup_unsupported: 'Assistants are not looked up.',
};

/** Why a call that needs no keys at all is not ready; its code is in front, where others have their component. */
export const nothingConfigured =
  'nothing_configured: No stt_config, llm_config or tts_config is given, so nothing would be heard or said: add them.';

/** The text of a reason for a person. */
export function reasonText(
  reason: UnresolvedReason,
  values: { slot?: string | null; model?: string | null; region?: string | undefined },
): string {
  return reasonTexts[reason].replace(/\{(slot|model|region)\}/g, (_, name: keyof typeof values) => values[name] ?? '?');
}
