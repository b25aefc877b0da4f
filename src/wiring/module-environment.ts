import type { Config } from '../config.ts';

/** What modules of SoftHSM, p11-kit, OpenSC, YubiHSM, Utimaco, Thales Luna and nCipher read to find their device. */
const USUAL = ['HOME', 'SOFTHSM2_CONF', 'P11_KIT_SERVER_ADDRESS', 'OPENSC_CONF', 'YUBIHSM_PKCS11_CONF', 'CS_PKCS11_R3_CFG', 'CS_PKCS11_R2_CFG', 'ChrystokiConfigurationPath', 'NFAST_HOME', 'NFAST_SERVER'];

/** The part of this process's environment that a foreign library may see; what holds our own secrets' names and URLs stays here. */
export function moduleEnvironment(environment: Readonly<Record<string, string | undefined>>, { LIENTHONG_PKCS11_ENV }: Pick<Config, 'LIENTHONG_PKCS11_ENV'>): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const name of [...USUAL, ...LIENTHONG_PKCS11_ENV]) {
    const value = environment[name];
    if (value !== undefined) given[name] = value;
  }
  return given;
}
