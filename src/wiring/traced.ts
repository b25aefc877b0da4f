import type { HttpDependencies } from '../http/dependencies.ts';
import type { MessageRecords } from '../ports/message-records.ts';
import type { Tracing } from '../ports/telemetry.ts';
import type { DeliveryHandler } from '../usecases/delivery-handler.ts';

/** Use cases that show as spans of their own: those that record, sign, judge or call others. */
const TRACED = [
  'storeDocument', 'openDossier', 'readDossier', 'sendMessage', 'readMessage', 'replayMessage', 'readInbox', 'readEnvelope', 'acknowledgeMessage',
  'makeSignature', 'extendDocument', 'orderSignature', 'orderSignatures', 'verifyFile', 'renderReport', 'requestPost', 'cancelPostalOrder', 'reportPostalEvent', 'hearCarrier', 'workPostDesk',
] as const satisfies readonly (keyof HttpDependencies)[];

type UseCase = (...given: readonly unknown[]) => Promise<unknown>;

export function tracedUseCases(dependencies: HttpDependencies, tracing: Tracing): HttpDependencies {
  if (!tracing.isOn) return dependencies;
  const traced = TRACED.map((name) => {
    const useCase = dependencies[name] as UseCase;
    return [name, (...given: readonly unknown[]) => tracing.span(`usecase ${name}`, { kind: 'internal' }, () => useCase(...given))] as const;
  });
  return { ...dependencies, ...Object.fromEntries(traced) };
}

/** Attempts go on with the trace of the request that sent the message, were it days ago. */
export function tracedHandler(handler: DeliveryHandler, messages: Pick<MessageRecords, 'traceparent'>, tracing: Tracing): DeliveryHandler {
  if (!tracing.isOn) return handler;
  return {
    ...handler,
    attempt: async (held) => {
      const { id, kind, target, attempt, messageId } = held.lease;
      const traceparent = messageId === null ? null : await messages.traceparent(messageId);
      return tracing.span(`delivery ${kind}`, { kind: 'consumer', traceparent, attributes: { 'lienthong.delivery.id': id, 'lienthong.target': target, 'lienthong.attempt': attempt } }, async (current) => {
        const handled = await handler.attempt({ ...held, traceparent: current.traceparent });
        current.set({ 'lienthong.outcome': handled.attempt.outcome, 'lienthong.code': handled.attempt.code, 'lienthong.state': handled.settlement.state });
        return handled;
      });
    },
  };
}
