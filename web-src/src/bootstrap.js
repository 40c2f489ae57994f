// The parts of the UI kit's script that our pages use; the rest stays out of the bundle.
export { default as Alert } from "@tabler/core/js/src/bootstrap/alert";
export { default as Collapse } from "@tabler/core/js/src/bootstrap/collapse";
export { default as Dropdown } from "@tabler/core/js/src/bootstrap/dropdown";
export { default as Modal } from "@tabler/core/js/src/bootstrap/modal";
export { default as Offcanvas } from "@tabler/core/js/src/bootstrap/offcanvas";
export { default as Tab } from "@tabler/core/js/src/bootstrap/tab";
export { default as Toast } from "@tabler/core/js/src/bootstrap/toast";
export { default as Tooltip } from "@tabler/core/js/src/bootstrap/tooltip";
