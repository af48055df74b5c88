import type { Catalogue, LiveList, ProviderApi, Slot } from '#libs/catalogue';
import type { SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { textAt, valueAt } from './json-pointer.js';
import type { ProbeOptions } from './key-prober.port.js';
import { wordsWithoutKey } from './key-echo.js';
import type { Verdict } from './key-verdict.js';
import type { OutboundClient } from './outbound.client.js';
import type { OutboundConnection } from './outbound.connection.js';
import { missingPermissions, readAnswer, ruleFor, type ProviderAnswer } from './provider-answer.js';
import { authHeader, baseUrlOf, type BaseUrls } from './provider-endpoint.js';
import { ListRefusal, ProviderLists, type ListKind, type LiveItem } from './provider-lists.port.js';
import { sentenceOf } from './verdict-sentence.js';

export interface HttpProviderListsOptions {
  baseUrls?: BaseUrls;
  /** For all pages together. Default 10,000. */
  timeoutMs?: number;
}

const pageBytesMax = 5 * 1024 * 1024;
const pageCountMax = 100;

const refusals: readonly Verdict[] = ['invalid', 'blocked', 'limited', 'out_of_credit'];

/** Reads lists over HTTPS as the catalogue describes them, to their last page. */
export class HttpProviderLists extends ProviderLists {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly client: OutboundClient,
    private readonly options: HttpProviderListsOptions = {},
  ) {
    super();
  }

  override async list(
    kind: ListKind,
    slot: string,
    apiKey: SecretBytes,
    { region }: ProbeOptions = {},
  ): Promise<LiveItem[] | undefined> {
    const entry = this.catalogue.findSlot(slot);
    const list = entry?.api?.[kind];
    if (!entry?.api || !list) return undefined;
    const headers = authHeader(entry.api, apiKey);
    if (!headers) throw refusedBy(entry, 'invalid', sentenceOf('invalid', {}));
    const baseUrl = baseUrlOf(entry.api, { slot, region }, this.options.baseUrls ?? (() => undefined));
    return this.read(entry, { api: entry.api, apiKey, list, headers, baseUrl });
  }

  private async read(slot: Slot, question: ListQuestion): Promise<LiveItem[]> {
    const signal = AbortSignal.timeout(this.options.timeoutMs ?? 10_000);
    let connection: OutboundConnection | undefined;
    try {
      connection = await this.client.open(question.baseUrl, signal);
      return await allPages(slot, question, connection);
    } catch (error) {
      const known = AppError.from(error);
      throw known.code.startsWith('outbound_') ? unavailable(slot, known.message) : known;
    } finally {
      await connection?.close();
    }
  }
}

interface ListQuestion {
  api: ProviderApi;
  apiKey: SecretBytes;
  list: LiveList;
  headers: Record<string, string>;
  baseUrl: string;
}

async function allPages(slot: Slot, question: ListQuestion, connection: OutboundConnection): Promise<LiveItem[]> {
  const { list, headers, baseUrl } = question;
  const items = new Map<string, LiveItem>();
  let page: string | undefined;
  for (let pageCount = 1; pageCount <= pageCountMax; pageCount += 1) {
    const url = pageUrl(baseUrl + list.path, list, page);
    const answer = readAnswer(await connection.send({ method: 'GET', url, headers, answerBytesMax: pageBytesMax }));
    if (answer.status !== 200) throw failure(slot, question, answer);
    for (const item of itemsOf(slot, answer, list)) items.set(item.id, item);
    const next = nextPage(answer, list);
    if (next === undefined) return [...items.values()];
    if (next === page) throw unavailable(slot, 'It names the same next page again and again.');
    page = next;
  }
  throw unavailable(slot, `Its list has more than ${pageCountMax} pages.`);
}

function pageUrl(url: string, { paging }: LiveList, page: string | undefined): string {
  const target = new URL(url);
  if (paging && page !== undefined) target.searchParams.set(paging.parameter, page);
  return target.href;
}

function nextPage({ json }: ProviderAnswer, { paging }: LiveList): string | undefined {
  if (!paging || (paging.more !== undefined && valueAt(json, paging.more) !== true)) return undefined;
  return textAt(json, paging.next) || undefined;
}

function itemsOf(slot: Slot, { json }: ProviderAnswer, list: LiveList): LiveItem[] {
  const found = valueAt(json, list.items);
  if (!Array.isArray(found)) throw unavailable(slot, 'Its answer is not the list that was asked for.');
  return found.flatMap((item): LiveItem[] => {
    const id = textAt(item, list.id);
    if (id === undefined || id === '') return [];
    const bare = list.strip_prefix && id.startsWith(list.strip_prefix) ? id.slice(list.strip_prefix.length) : id;
    return [{ id: bare, name: (list.name !== undefined && textAt(item, list.name)) || bare }];
  });
}

function failure(slot: Slot, { api: { probe }, apiKey }: ListQuestion, answer: ProviderAnswer): AppError {
  const rule = ruleFor(answer, probe.rules);
  if (!rule || !refusals.includes(rule.verdict)) {
    return unavailable(slot, rule ? sentenceOf(rule.verdict, {}) : `It answered with HTTP ${answer.status}.`);
  }
  const missing = wordsWithoutKey(missingPermissions(answer, probe.missing), apiKey);
  const lacks = missing.length > 0 ? `The key lacks the permission ${missing.join(', ')}.` : undefined;
  return refusedBy(slot, rule.verdict, lacks ?? rule.detail ?? sentenceOf(rule.verdict, {}));
}

function refusedBy({ name }: Slot, verdict: Verdict, why: string): AppError {
  return new ListRefusal(`${name} refuses to list this: ${why}`, verdict);
}

function unavailable({ name }: Slot, why: string): AppError {
  return new AppError('unavailable', 'provider_unavailable', { message: `${name} gave no list: ${why}` });
}
