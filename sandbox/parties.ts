/** The two agencies of the sandbox, invented: codes under H57 (Decision 20/2020/QĐ-TTg) that nobody holds. */
export const LAND_REGISTRY = { partnerId: 'land-registry', agencyCode: 'H57.12.03', name: 'Văn phòng Đăng ký đất đai (mẫu)' } as const;
export const ONE_STOP_PORTAL = { partnerId: 'one-stop-portal', agencyCode: 'H57.00.99', name: 'Trung tâm Phục vụ hành chính công (mẫu)' } as const;

/** What each needs to be allowed at the gateway. */
export const LAND_REGISTRY_SCOPES = ['documents:write', 'documents:read', 'dossiers:write', 'dossiers:read', 'messages:write', 'messages:read', 'signatures:write', 'verifications:write', 'keys:read', 'postal:read'] as const;
export const ONE_STOP_PORTAL_SCOPES = ['documents:read', 'dossiers:read', 'messages:write', 'messages:read', 'inbox:read', 'verifications:write', 'postal:write', 'postal:read'] as const;
