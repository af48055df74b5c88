const secretName = /(^|[_-])(api[_-]?key|authorization|password|secret|token)s?$/i;

/** Whether a field of this name would hold a secret: `api_key`, `openaiApiKey`, `Authorization`, `webhook-secret`, … */
export function isSecretName(name: string): boolean {
  return secretName.test(name.replace(/([a-z\d])([A-Z])/g, '$1_$2'));
}
