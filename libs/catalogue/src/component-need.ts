import type { ComponentName } from '#libs/contracts';

/** A component the catalogue knows: which slot's key it runs on. */
export interface NeededComponent {
  readonly kind: 'needed';
  readonly component: ComponentName;
  /** The provider id with its alias resolved. */
  readonly provider: string;
  readonly slot: string;
  /** The model of the configuration as given, otherwise the default one; null when the provider has no models. */
  readonly model: string | null;
}

/** A component that the call needs and that no slot can be named for. */
export interface UnknownComponent {
  readonly kind: 'unknown';
  readonly component: ComponentName;
  /** The provider id as given; null when there was none worth repeating. */
  readonly provider: string | null;
  readonly reason: 'unknown_provider' | 'assistant_not_found';
}

/** What the configuration of a call says about one component. */
export type ComponentNeed = NeededComponent | UnknownComponent;
