import type { Catalogue } from '#libs/catalogue';
import { noSuchAssistant, type AssistantStore } from '#libs/keystore';
import { drawUuid, type DrawBytes } from '../idempotency/repeatable-draw.js';
import { assistantOf, newContent, patchedContent } from './assistant-content.js';
import { formatCursor, parseCursor } from './assistant-cursor.js';
import type {
  Assistant,
  AssistantsAnswer,
  CreateAssistantBody,
  ListAssistantsQuery,
  PatchAssistantBody,
} from './assistant.schema.js';

/** Assistants of an organization, as far as they decide which keys a call needs; those of another are `not_found`. */
export class AssistantsService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly assistants: AssistantStore,
  ) {}

  /** Throws `invalid` for what the catalogue does not have. */
  async create(organizationId: string, body: CreateAssistantBody, draw: DrawBytes): Promise<Assistant> {
    const content = newContent(this.catalogue, body);
    return assistantOf(await this.assistants.create(organizationId, drawUuid(draw), content));
  }

  async list(organizationId: string, { limit, cursor }: ListAssistantsQuery): Promise<AssistantsAnswer> {
    const after = cursor === undefined ? undefined : parseCursor(cursor);
    const { assistants, next } = await this.assistants.list(organizationId, { limit, after });
    return { assistants: assistants.map(assistantOf), next_cursor: next ? formatCursor(next) : null };
  }

  async get(organizationId: string, id: string): Promise<Assistant> {
    const found = await this.assistants.find(organizationId, id);
    if (!found) throw noSuchAssistant();
    return assistantOf(found);
  }

  /** Throws `invalid` for what the catalogue does not have, unless it was there before and is not touched. */
  async patch(organizationId: string, id: string, patch: PatchAssistantBody): Promise<Assistant> {
    const change = this.assistants.update(organizationId, id, (before) =>
      patchedContent(this.catalogue, before, patch),
    );
    return assistantOf(await change);
  }

  remove(organizationId: string, id: string): Promise<void> {
    return this.assistants.remove(organizationId, id);
  }
}
