const apiKeyName = /(^|[_-])(api[_-]?keys?|authorization)$|(^|[_-])(auth|access|api|bearer)[_-]?tokens?$/i;
const secretName = /(^|[_-])(password|secret|token)s?$/i;

/** Whether a field of this name would hold an API key: `api_key`, `openaiApiKey`, `Authorization`, `access_token`, … */
export function isApiKeyName(name: string): boolean {
  return apiKeyName.test(inWords(name));
}

/** Whether it would hold a secret of any kind: `refresh_token`, `webhook-secret`, `dbPassword`, … too. */
export function isSecretName(name: string): boolean {
  return isApiKeyName(name) || secretName.test(inWords(name));
}

function inWords(name: string): string {
  return name.replace(/([a-z\d])([A-Z])/g, '$1_$2');
}
