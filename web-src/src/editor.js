// CodeMirror on `textarea[data-editor]`. The textarea stays the form's field: every change is copied to it and fires
// `input` there, so htmx and the live preview notice. Colours come from CSS variables, so themes need nothing here.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { html } from "@codemirror/lang-html";
import { HighlightStyle, bracketMatching, foldGutter, foldKeymap, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  MatchDecorator,
  ViewPlugin,
  drawSelection,
  highlightActiveLine,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

const nonce = document.querySelector('meta[name="csp-nonce"]')?.content ?? "";

const highlight = HighlightStyle.define([
  { tag: [tags.tagName, tags.angleBracket], color: "var(--mg-code-tag)" },
  { tag: [tags.attributeName, tags.propertyName], color: "var(--mg-code-name)" },
  { tag: [tags.attributeValue, tags.string], color: "var(--mg-code-string)" },
  { tag: [tags.comment, tags.documentMeta], color: "var(--mg-code-comment)", fontStyle: "italic" },
  { tag: [tags.number, tags.color, tags.keyword, tags.atom], color: "var(--mg-code-value)" },
]);

const look = EditorView.theme({
  "&": { fontSize: "13px", backgroundColor: "transparent", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mg-font-mono)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--mg-text)", padding: "10px 0" },
  ".cm-cursor": { borderLeftColor: "var(--mg-text)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--mg-text-faint)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--mg-hover)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--mg-selection)",
  },
  ".cm-matchingBracket": { backgroundColor: "var(--mg-selection)", outline: "none" },
  ".cm-panels": { backgroundColor: "var(--mg-raised)", color: "var(--mg-text)", borderColor: "var(--mg-border)" },
  ".cm-tooltip": {
    backgroundColor: "var(--mg-raised)",
    color: "var(--mg-text)",
    border: "1px solid var(--mg-border)",
    borderRadius: "8px",
    overflow: "hidden",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--mg-brand)", color: "#fff" },
  ".mg-merge-field": { color: "var(--mg-code-field)", backgroundColor: "var(--mg-brand-soft)", borderRadius: "3px" },
});

const fieldMatcher = new MatchDecorator({
  regexp: /\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\}/g,
  decoration: Decoration.mark({ class: "mg-merge-field" }),
});

const mergeFields = ViewPlugin.fromClass(
  class {
    constructor(view) {
      this.decorations = fieldMatcher.createDeco(view);
    }

    update(update) {
      this.decorations = fieldMatcher.updateDeco(update, this.decorations);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function completeFields(names) {
  return (context) => {
    const before = context.matchBefore(/\{\{\s*[\w.]*/);
    if (!before) return null;
    const from = before.from + before.text.length - before.text.replace(/^\{\{\s*/, "").length;
    const closed = context.state.sliceDoc(context.pos, context.pos + 3).trimStart().startsWith("}");
    return { from, options: names.map((name) => ({ label: name, type: "variable", apply: closed ? name : `${name} }}` })) };
  };
}

/** Turn the textareas into editors. */
export function mount(areas) {
  for (const area of areas) create(area);
}

function create(area) {
  const names = JSON.parse(area.dataset.editorFields || "[]");
  const label = document.querySelector(`label[for="${area.id}"]`);
  const host = document.createElement("div");
  host.className = "mg-editor-host";
  const sync = EditorView.updateListener.of((update) => {
    if (!update.docChanged) return;
    area.value = update.state.doc.toString();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const language = html({ autoCloseTags: true });
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        EditorView.cspNonce.of(nonce),
        lineNumbers(),
        foldGutter(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        autocompletion(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        language,
        names.length ? language.language.data.of({ autocomplete: completeFields(names) }) : [],
        mergeFields,
        syntaxHighlighting(highlight),
        look,
        EditorView.lineWrapping,
        // Tab moves on to the next field, so that the keyboard can leave the editor.
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap]),
        EditorView.contentAttributes.of({
          "aria-label": label?.textContent.trim() || area.name,
          ...(area.getAttribute("aria-describedby") && { "aria-describedby": area.getAttribute("aria-describedby") }),
        }),
        sync,
      ],
    }),
  });
  area.hidden = true;
  // Hidden fields cannot show the browser's own "please fill in"; the server checks it.
  area.required = false;
  area.after(host);
  label?.addEventListener("click", () => view.focus());
  area.addEventListener("mg:insert", ({ detail }) => {
    view.dispatch(view.state.replaceSelection(detail.text));
    view.focus();
  });
  area.mgEditor = view;
}
