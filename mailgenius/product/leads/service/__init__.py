"""What callers may ask of this area, by use case. Import this package, not its modules."""

from mailgenius.product.leads.service.audiences import (
    among as among,
    audience_chunk as audience_chunk,
    audience_rows as audience_rows,
    audience_size as audience_size,
    judge_stretch as judge_stretch,
    max_lead_id as max_lead_id,
    merge_data as merge_data,
    recipients as recipients,
)
from mailgenius.product.leads.service.bulk import (
    bulk_act as bulk_act,
    cancel_bulk as cancel_bulk,
    fail_bulk as fail_bulk,
    forget_bulk_filters as forget_bulk_filters,
    open_bulk_acts as open_bulk_acts,
    start_bulk as start_bulk,
    undo_bulk as undo_bulk,
)
from mailgenius.product.leads.service.changing import (
    add_tags as add_tags,
    delete as delete,
    follow_suppression as follow_suppression,
    remove_tags as remove_tags,
    set_status as set_status,
    update as update,
)
from mailgenius.product.leads.service.consenting import (
    note_recipient as note_recipient,
    return_to as return_to,
    state_consent as state_consent,
)
from mailgenius.product.leads.service.fielding import (
    FieldChanges as FieldChanges,
    check_room as check_room,
    checked_field as checked_field,
    create_field as create_field,
    ensure_fields as ensure_fields,
    fitting as fitting,
    get_field as get_field,
    typed_fields as typed_fields,
    update_field as update_field,
)
from mailgenius.product.leads.service.joining import (
    any_joined_since as any_joined_since,
    begin_join as begin_join,
    finish_join as finish_join,
    hold_joins as hold_joins,
    kept_id as kept_id,
    look_at_pair as look_at_pair,
    move_activity as move_activity,
    named_in as named_in,
)
from mailgenius.product.leads.service.meaning import (
    matching as matching,
    matching_counted as matching_counted,
    narrowed as narrowed,
    next_matching as next_matching,
    whole_leads as whole_leads,
)
from mailgenius.product.leads.service.merging import (
    Expect as Expect,
    Merge as Merge,
    foresee_staged as foresee_staged,
    fresh_rows as fresh_rows,
    merge_staged as merge_staged,
)
from mailgenius.product.leads.service.preferring import (
    ChannelWish as ChannelWish,
    PreferenceChanges as PreferenceChanges,
    Preferences as Preferences,
    change_preferences as change_preferences,
    lead_of_recipient as lead_of_recipient,
    leave_everything as leave_everything,
    preferences as preferences,
)
from mailgenius.product.leads.service.reading import (
    activity as activity,
    all_fields as all_fields,
    counts as counts,
    fields as fields,
    fold_counts as fold_counts,
    get as get,
    tags as tags,
)
from mailgenius.product.leads.service.running import go_on as go_on
from mailgenius.product.leads.service.searching import list_wanted as list_wanted, search as search
from mailgenius.product.leads.service.stepping import do_part as do_part, lay_out_part as lay_out_part
from mailgenius.product.leads.service.suppressing import (
    Listed as Listed,
    lift_listed as lift_listed,
    suppress_file as suppress_file,
    suppress_listed as suppress_listed,
    suppressions_csv as suppressions_csv,
)
from mailgenius.product.leads.service.writing import (
    add_fields as add_fields,
    add_repeats as add_repeats,
    upsert as upsert,
    upsert_batch as upsert_batch,
    upsert_each as upsert_each,
)
