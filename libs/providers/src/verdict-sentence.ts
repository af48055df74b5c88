import type { CapabilityVerdict, Verdict } from './key-verdict.js';

const sentences: Record<Verdict, string> = {
  valid: 'The provider accepts the key.',
  limited: 'The key is real, but restricted.',
  invalid: 'The provider does not know the key.',
  blocked: 'The provider has blocked the key.',
  out_of_credit: "The key is real, but its account has no credit left: top it up in the provider's console.",
  rate_limited: 'The provider answers no more requests with this key for now.',
  unreachable: 'The provider could not be asked.',
  unverified: 'The provider could not be asked what the key is good for.',
};

/** One sentence for people; names the components that a limited key does not serve. */
export function sentenceOf(verdict: Verdict, capabilities: Readonly<Record<string, CapabilityVerdict>>): string {
  const lacking = Object.keys(capabilities).filter((component) => capabilities[component] === 'missing');
  if (verdict !== 'limited' || lacking.length === 0) return sentences[verdict];
  return `The key is real, but lacks what ${lacking.join(', ')} needs.`;
}
