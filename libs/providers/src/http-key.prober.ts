import type { Catalogue, Probe, ProbeRule, ProviderApi, ProviderRequest } from '#libs/catalogue';
import type { ComponentName } from '#libs/contracts';
import type { SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { capabilitiesOf, permissionsOf, type ComponentAnswer } from './capabilities.js';
import { KeyProber, type ProbeOptions } from './key-prober.port.js';
import { wordsWithoutKey } from './key-echo.js';
import type { KeyVerdict, Verdict } from './key-verdict.js';
import type { OutboundClient } from './outbound.client.js';
import type { OutboundConnection } from './outbound.connection.js';
import { readAnswer, ruleFor, type ProviderAnswer } from './provider-answer.js';
import { authHeader, baseUrlOf, type BaseUrls } from './provider-endpoint.js';
import { sentenceOf } from './verdict-sentence.js';

export interface HttpKeyProberOptions {
  baseUrls?: BaseUrls;
  /** For one key, everything together. Default 3,000. */
  timeoutMs?: number;
  /** Told of every verdict, for counting. */
  onVerdict?: (slot: string, verdict: Verdict) => void;
}

const answerBytesMax = 64 * 1024;

/** Larger than any list of models that a key is probed with. */
const probeAnswerBytesMax = 1024 * 1024;

/** Probes keys over HTTPS as the catalogue describes it. */
export class HttpKeyProber extends KeyProber {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly client: OutboundClient,
    private readonly options: HttpKeyProberOptions = {},
  ) {
    super();
  }

  override async probe(slot: string, apiKey: SecretBytes, { region }: ProbeOptions = {}): Promise<KeyVerdict> {
    const api = this.catalogue.findSlot(slot)?.api;
    const components = this.catalogue.componentsOf(slot);
    const headers = api && authHeader(api, apiKey);
    const verdict =
      api && headers
        ? await this.ask(baseUrlOf(api, { slot, region }, this.options.baseUrls ?? none), {
            api,
            apiKey,
            headers,
            components,
          })
        : verdictOf(components, api ? 'invalid' : 'unverified', api ? 'The key holds characters that no key has.' : '');
    this.options.onVerdict?.(slot, verdict.verdict);
    return verdict;
  }

  private async ask(baseUrl: string, question: Question): Promise<KeyVerdict> {
    const signal = AbortSignal.timeout(this.options.timeoutMs ?? 3_000);
    let connection: OutboundConnection | undefined;
    try {
      connection = await this.client.open(baseUrl, signal);
      return await new Conversation(connection, baseUrl, question).verdict();
    } catch (error) {
      return withoutAnswer(question.components, AppError.from(error));
    } finally {
      await connection?.close();
    }
  }
}

interface Question {
  api: ProviderApi;
  apiKey: SecretBytes;
  headers: Record<string, string>;
  components: readonly ComponentName[];
}

/** The requests about one key. */
class Conversation {
  constructor(
    private readonly connection: OutboundConnection,
    private readonly baseUrl: string,
    private readonly question: Question,
  ) {}

  async verdict(): Promise<KeyVerdict> {
    const { api, components } = this.question;
    const { probe } = api;
    const answer = await this.send(probe.request, probeAnswerBytesMax);
    const rule = ruleFor(answer, probe.rules);
    if (!rule) return verdictOf(components, 'unverified', unforeseen(answer));
    if (rule.verdict !== 'valid' && rule.verdict !== 'limited') {
      return {
        ...verdictOf(components, rule.verdict, rule.detail),
        ...(rule.verdict === 'rate_limited' && { retryAfterSeconds: answer.retryAfterSeconds }),
      };
    }
    return this.usable(probe, rule, answer);
  }

  private async usable(probe: Probe, rule: ProbeRule, answer: ProviderAnswer): Promise<KeyVerdict> {
    const { apiKey, components } = this.question;
    const further = await Promise.all((probe.component_probes ?? []).map((each) => this.askFor(each)));
    const { capabilities, missing } = permissionsOf(components, { probe, rule, answer }, further);
    const lacksSomething = Object.values(capabilities).includes('missing');
    const verdict = lacksSomething ? 'limited' : rule.verdict;
    return {
      verdict,
      capabilities,
      ...(verdict === 'limited' && { missingPermissions: wordsWithoutKey(missing, apiKey) }),
      detail: rule.detail ?? sentenceOf(verdict, capabilities),
    };
  }

  /** That it does not answer says nothing of the key, which has been found to be real. */
  private async askFor(probe: ComponentAnswer['probe']): Promise<ComponentAnswer> {
    const answer = await this.send(probe.request, answerBytesMax).catch(() => undefined);
    return { probe, answer };
  }

  private async send({ method, path, body }: ProviderRequest, bytesMax: number): Promise<ProviderAnswer> {
    const answer = await this.connection.send({
      method,
      url: this.baseUrl + path,
      headers: { ...this.question.headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      answerBytesMax: bytesMax,
    });
    return readAnswer(answer);
  }
}

function none(): undefined {
  return undefined;
}

function withoutAnswer(components: readonly ComponentName[], error: AppError): KeyVerdict {
  if (error.kind === 'internal') throw error;
  const verdict = error.code === 'outbound_too_large' ? 'unverified' : 'unreachable';
  return verdictOf(components, verdict, error.message);
}

function verdictOf(components: readonly ComponentName[], verdict: Verdict, detail?: string): KeyVerdict {
  const capabilities = capabilitiesOf(components, verdict);
  return { verdict, capabilities, detail: detail || sentenceOf(verdict, capabilities) };
}

function unforeseen({ status, json }: ProviderAnswer): string {
  if (status >= 300 && status < 400) return `The provider redirects (HTTP ${status}), which is not followed.`;
  if (json === undefined) return `The provider's answer (HTTP ${status}) is not JSON.`;
  return `The provider's answer (HTTP ${status}) says nothing certain about the key.`;
}
