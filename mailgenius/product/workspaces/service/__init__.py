"""What callers may ask of this area, by use case. Import this package, not its modules."""

from mailgenius.product.workspaces.service.api_keys import (
    actor_of_api_key as actor_of_api_key,
    create_api_key as create_api_key,
    get_api_key as get_api_key,
    list_api_keys as list_api_keys,
    live_api_keys as live_api_keys,
    revoke_api_key as revoke_api_key,
)
from mailgenius.product.workspaces.service.idempotency import (
    answered as answered,
    forget_answers_about as forget_answers_about,
    keep_answer as keep_answer,
)
from mailgenius.product.workspaces.service.members import (
    add_member as add_member,
    change_role as change_role,
    list_members as list_members,
    remove_member as remove_member,
)
from mailgenius.product.workspaces.service.people import (
    change_password as change_password,
    create_user as create_user,
    find_user as find_user,
    get_user as get_user,
    reset_password as reset_password,
    update_profile as update_profile,
)
from mailgenius.product.workspaces.service.sessions import (
    session_of as session_of,
    sign_in as sign_in,
    sign_out as sign_out,
    switch_workspace as switch_workspace,
)
from mailgenius.product.workspaces.service.setup import (
    create_workspace as create_workspace,
    ensure_owner as ensure_owner,
    find_workspace as find_workspace,
    get_workspace as get_workspace,
    list_workspaces as list_workspaces,
    update_workspace as update_workspace,
)
from mailgenius.product.workspaces.service.sweeping import sweep as sweep
