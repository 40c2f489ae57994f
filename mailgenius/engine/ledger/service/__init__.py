"""What the ledger does: orders, claims, settlements, recovery and upkeep, by use case."""

from mailgenius.engine.ledger.following import (
    WAITING as WAITING,
    MessageToBoth as MessageToBoth,
    follow_lead as follow_lead,
    followed as followed,
    messages_to_both as messages_to_both,
)
from mailgenius.engine.ledger.reports import (
    conservation as conservation,
    open_books as open_books,
    order_counts as order_counts,
    order_messages as order_messages,
    unfinished_batches as unfinished_batches,
)
from mailgenius.engine.ledger.service.claims import (
    ANY_PRIORITY as ANY_PRIORITY,
    URGENT as URGENT,
    Look as Look,
    by_workspace as by_workspace,
    claim as claim,
    note_connection as note_connection,
    other_engines as other_engines,
    renew as renew,
)
from mailgenius.engine.ledger.service.dead_letters import (
    count_dead as count_dead,
    dead_letters as dead_letters,
    discard_dead as discard_dead,
    next_dead as next_dead,
    orders_of as orders_of,
    replay_dead as replay_dead,
)
from mailgenius.engine.ledger.service.feedback import (
    Taking as Taking,
    feedback_of as feedback_of,
    last_sent_to as last_sent_to,
    take_feedback as take_feedback,
)
from mailgenius.engine.ledger.service.messages import (
    attempts as attempts,
    cancel_message as cancel_message,
    data_of as data_of,
    get_message as get_message,
    newest_messages as newest_messages,
    take_messages as take_messages,
    wake as wake,
)
from mailgenius.engine.ledger.service.orders import (
    LockedOrder as LockedOrder,
    add_messages as add_messages,
    cancel_some as cancel_some,
    drain as drain,
    get_order as get_order,
    lock_order as lock_order,
    move_order as move_order,
    open_order as open_order,
)
from mailgenius.engine.ledger.service.recovery import (
    Told as Told,
    due_orders as due_orders,
    expired_leases as expired_leases,
    recover as recover,
    recover_told as recover_told,
    requeue_due as requeue_due,
)
from mailgenius.engine.ledger.service.settling import advance as advance, finish as finish
from mailgenius.engine.ledger.service.upkeep import (
    DATA_KEPT_FOR as DATA_KEPT_FOR,
    call_back_batches as call_back_batches,
    ensure_partitions as ensure_partitions,
    forget_data as forget_data,
    next_workspace_with_data as next_workspace_with_data,
    wake_forgotten_lanes as wake_forgotten_lanes,
)
