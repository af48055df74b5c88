import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { CallConfig, ComponentName } from '#libs/contracts';
import { catalogueSchema, type Offering, type Slot } from './catalogue.schema.js';
import type { ComponentNeed } from './component-need.js';
import { OfferingIndex } from './offering-index.js';
import { referenceProblems } from './reference-problems.js';

const builtInPath = new URL('../data/catalogue.json', import.meta.url);

/** Providers, models and slots, and which of them a call needs. See docs/catalogue.md for the rules. */
export class Catalogue {
  private readonly index: OfferingIndex;
  private readonly slotIds: ReadonlySet<string>;

  private constructor(
    readonly slots: readonly Slot[],
    readonly offerings: readonly Offering[],
  ) {
    this.index = new OfferingIndex(offerings);
    this.slotIds = new Set(slots.map((slot) => slot.id));
  }

  /** The catalogue that comes with this library. */
  static load(): Catalogue {
    return Catalogue.parse(JSON.parse(readFileSync(builtInPath, 'utf8')));
  }

  /** A catalogue from parsed JSON; throws an Error with one line `path: problem` for everything that is wrong. */
  static parse(json: unknown): Catalogue {
    const parsed = catalogueSchema.safeParse(json);
    const problems = parsed.success
      ? referenceProblems(parsed.data)
      : parsed.error.issues.map((issue) => `${z.core.toDotPath(issue.path) || '(top)'}: ${issue.message}`);
    if (!parsed.success || problems.length > 0)
      throw new Error(['The catalogue is not valid:', ...problems].join('\n'));
    return new Catalogue(parsed.data.slots, parsed.data.offerings);
  }

  /** Whether a slot of this id exists. */
  hasSlot(id: string): boolean {
    return this.slotIds.has(id);
  }

  /** What the call needs, each component at most once. Never throws, whatever the sections hold. */
  needsOf(config: CallConfig): ComponentNeed[] {
    const needs: ComponentNeed[] = [];
    if (!isSection(config)) return needs;
    const { llm_config: llm, analysis_plan: plan } = config;
    const realtime = isSection(llm) && this.index.isRealtime(llm.provider);
    if (!realtime) this.addSection(needs, 'stt', config.stt_config);
    this.addSection(needs, 'llm', llm);
    if (!realtime) this.addSection(needs, 'tts', config.tts_config);
    if (isSection(plan) && plan.enabled !== false) this.addPostCall(needs, plan, realtime);
    return needs;
  }

  private addSection(needs: ComponentNeed[], component: ComponentName, section: unknown): void {
    if (section === undefined || section === null) return;
    needs.push(
      isSection(section)
        ? this.index.need(component, section.provider, section.model)
        : this.index.need(component, undefined, undefined),
    );
  }

  private addPostCall(needs: ComponentNeed[], plan: Section, realtime: boolean): void {
    if (realtime) needs.push(this.postCallNeed('postcall_stt', plan.stt, {}));
    needs.push(this.postCallNeed('postcall_llm', plan.llm, plan));
    if (asksForEmail(plan)) needs.push(this.index.needOrDefault('email', undefined, undefined));
  }

  private postCallNeed(component: ComponentName, section: unknown, whenAbsent: Section): ComponentNeed {
    const from = section ?? whenAbsent;
    return isSection(from)
      ? this.index.needOrDefault(component, from.provider, from.model)
      : this.index.need(component, undefined, undefined);
  }
}

type Section = Readonly<Record<string, unknown>>;

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asksForEmail({ email, email_recipients: recipients }: Section): boolean {
  if (isSection(email) && email.enabled === false) return false;
  return isFilled(email) || isFilled(recipients);
}

function isFilled(value: unknown): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  return value === true || (isSection(value) && Object.keys(value).length > 0);
}
