import type { DataSource } from 'typeorm';
import type { WebhookPayload } from './webhook-queue.js';
import type { SealedSecrets } from './webhook-secret.reader.js';

export interface DeliveryRef {
  organizationId: string;
  id: string;
}

/** A delivery to try now, by the one who took it. */
export interface DueDelivery extends DeliveryRef {
  subscriptionId: string;
  /** The organization, or its agency: families share out the places, since an agency makes as many children as it likes. */
  familyId: string;
  url: string;
  payload: WebhookPayload;
  /** How often it has been tried. */
  attemptCount: number;
  secrets: SealedSecrets;
}

/** An attempt whose taker has died is due again after so long. */
const leaseSeconds = 60;
/** One slow receiver takes no more than so many places of those that work at one time, */
const perSubscriptionMax = 4;
/** and one family, whatever receivers it has, no more than so many. */
const perFamilyMax = 8;

/** Takes up to `limit` deliveries for a minute; those in hand count as places that are taken. See `WebhookDeliveryStore`. */
export async function takeDueDeliveries(
  dataSource: DataSource,
  { limit, inHand }: { limit: number; inHand: readonly DueDelivery[] },
): Promise<DueDelivery[]> {
  const rows = await dataSource.query<DueRow[]>(takeDueSql, [
    limit,
    inHand.map(({ familyId }) => familyId),
    inHand.map(({ organizationId }) => organizationId),
    inHand.map(({ subscriptionId }) => subscriptionId),
  ]);
  return rows.map(({ kekVersion, secret, previousKekVersion, previousSecret, ...delivery }) => ({
    ...delivery,
    secrets: { kekVersion, secret, previousKekVersion, previousSecret },
  }));
}

type DueRow = Omit<DueDelivery, 'secrets'> & SealedSecrets;

// Goes from one organization to the next in the index, and reads as many organizations of a family and as many rows of a
// webhook as there are places: a backlog costs little time and hides nothing. Places go to families in turn, within a
// family to its organizations in turn; of more organizations than there are places those with fewest, then by lot.
const takeDueSql = `
  WITH RECURSIVE waiting AS (
    (SELECT organization_id FROM webhook_delivery WHERE state = 'pending' AND due_at <= now()
     ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT following.organization_id FROM waiting w CROSS JOIN LATERAL (
      SELECT organization_id FROM webhook_delivery
      WHERE state = 'pending' AND due_at <= now() AND organization_id > w.organization_id
      ORDER BY organization_id LIMIT 1) AS following),
  in_hand AS (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS h (family_id, organization_id, subscription_id)),
  organizations AS (
    SELECT o.id AS organization_id, family_id, family_count, organization_count,
      row_number() OVER (PARTITION BY family_id ORDER BY organization_count, random()) AS turn
    FROM waiting w JOIN organization o ON o.id = w.organization_id
    CROSS JOIN LATERAL (SELECT coalesce(o.parent_id, o.id) AS family_id) AS family
    CROSS JOIN LATERAL (
      SELECT count(*) AS family_count, count(*) FILTER (WHERE h.organization_id = o.id) AS organization_count
      FROM in_hand h WHERE h.family_id = family.family_id) AS counted
    WHERE family_count < ${perFamilyMax} AND EXISTS (
      SELECT FROM webhook_subscription s CROSS JOIN LATERAL (
        SELECT FROM webhook_delivery d
        WHERE d.organization_id = s.organization_id AND d.subscription_id = s.id AND d.state = 'pending'
          AND d.due_at <= now() LIMIT 1) AS any_due
      WHERE s.organization_id = o.id AND s.is_active)),
  due AS (
    SELECT o.*, oldest.* FROM organizations o
    JOIN webhook_subscription s ON s.organization_id = o.organization_id AND s.is_active
    CROSS JOIN LATERAL (SELECT count(*) AS own_count FROM in_hand h WHERE h.subscription_id = s.id) AS counted
    CROSS JOIN LATERAL (
      SELECT d.id, d.due_at, own_count + row_number() OVER (ORDER BY d.due_at) AS place FROM webhook_delivery d
      WHERE d.organization_id = s.organization_id AND d.subscription_id = s.id AND d.state = 'pending'
        AND d.due_at <= now()
      ORDER BY d.due_at LIMIT ${perSubscriptionMax}) AS oldest
    WHERE turn <= ${perFamilyMax} AND place <= ${perSubscriptionMax}),
  in_organization AS (
    SELECT *, organization_count + row_number() OVER (PARTITION BY organization_id ORDER BY place, due_at)
      AS organization_place FROM due),
  in_family AS (
    SELECT *, family_count + row_number() OVER (PARTITION BY family_id ORDER BY organization_place, due_at)
      AS family_place FROM in_organization),
  locked AS (
    SELECT d.organization_id, d.id, family_id FROM webhook_delivery d
    JOIN in_family f ON f.organization_id = d.organization_id AND f.id = d.id
    WHERE family_place <= ${perFamilyMax} AND d.state = 'pending' AND d.due_at <= now()
    ORDER BY family_place, d.due_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED),
  taken AS (
    UPDATE webhook_delivery d SET due_at = now() + make_interval(secs => ${leaseSeconds})
    FROM locked WHERE d.organization_id = locked.organization_id AND d.id = locked.id RETURNING d.*, family_id)
  SELECT d.organization_id AS "organizationId", d.id, d.subscription_id AS "subscriptionId", family_id AS "familyId",
    s.url, d.payload, d.attempt_count AS "attemptCount",
    s.tenant_kek_version AS "kekVersion", s.secret, s.previous_kek_version AS "previousKekVersion",
    CASE WHEN s.previous_until > now() THEN s.previous_secret END AS "previousSecret"
  FROM taken d JOIN webhook_subscription s ON s.organization_id = d.organization_id AND s.id = d.subscription_id`;
