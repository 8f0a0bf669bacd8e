"""What is changed: the mutants of a module, found in its syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).parents[2]
COMPARED: dict[type, Any] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED: dict[type, Any] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
CALLED = {"max": "min", "min": "max", "any": "all", "all": "any"}
TYPED = {"annotation", "returns", "decorator_list", "bases", "keywords", "type_params", "ctx"}
"""Parts of definitions that say a type or wrap a function; `keywords` of a class only."""


def changes(node: ast.AST, in_function: bool) -> Iterator[ast.AST]:
    """Yield what may stand in place of an expression or statement."""
    match node:
        case ast.Compare(left, [op], right):
            yield ast.Compare(left, [COMPARED[type(op)]()], right)
        case ast.BoolOp(op, values):
            yield from (rest[0] if len(rest) == 1 else ast.BoolOp(op, rest) for n in range(len(values)) for rest in [values[:n] + values[n + 1 :]])
        case ast.BinOp(left, op, right) if type(op) in COMPUTED and (in_function or not isinstance(op, ast.BitOr)):
            yield ast.BinOp(left, COMPUTED[type(op)](), right)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Call(ast.Name(name), args, keywords) if name in CALLED:
            yield ast.Call(ast.Name(CALLED[name], ast.Load()), args, keywords)
        case ast.Expr(ast.Call()) | ast.Raise() | ast.AugAssign() if in_function:
            yield ast.Pass()
        case ast.Constant(value):
            yield from (ast.Constant(other) for other in _other(value, in_function))


def _other(value: object, in_function: bool) -> Iterator[object]:
    """Yield what may stand in place of a value; of text, only of a code word inside a function."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str) and in_function and value and not any(map(str.isspace, value)):
        yield value + "_"


def tests_changed(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    """Yield the conditions of a node that are taken for always or never true; `and` and `or` lose their parts instead."""
    if isinstance(node, ast.If | ast.IfExp | ast.While) and not isinstance(node.test, ast.BoolOp):
        yield from (("test", None, ast.Constant(value)) for value in ((False,) if isinstance(node, ast.While) else (True, False)))
    if isinstance(node, ast.comprehension):
        yield from (("ifs", n, ast.Constant(value)) for n, test in enumerate(node.ifs) for value in (True, False))


@dataclass
class Mutant:
    """One change: in a module, to a function (None: at import), on lines, put in by `apply`."""

    module: "Module"
    function: tuple[str, int] | None
    statement: ast.stmt = field(repr=False)
    line: int
    was: str
    now: str
    parent: ast.AST = field(repr=False)
    part: str
    at: int | None
    new: ast.AST = field(repr=False)

    def put(self, new: ast.AST) -> ast.AST:
        """Put something in the place of the change, and return what stood there."""
        old: ast.AST = getattr(self.parent, self.part) if self.at is None else getattr(self.parent, self.part)[self.at]
        if self.at is None:
            setattr(self.parent, self.part, new)
        else:
            getattr(self.parent, self.part)[self.at] = new
        return old

    def code(self) -> CodeType:
        """Put the change in and return the module's code."""
        self.put(self.new)
        return self.module.code()


class Module:
    """A module's tree with all of its mutants."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path.relative_to(ROOT))
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.mutants: list[Mutant] = []
        self._walk(self.tree, "", None, None)

    def code(self) -> CodeType:
        """Compile the tree as it stands."""
        return compile(ast.fix_missing_locations(self.tree), str(self.path), "exec")

    def _walk(self, node: ast.AST, scope: str, function: tuple[str, int] | None, statement: ast.stmt | None) -> None:
        for part, at, child in parts(node):
            inner_scope, inner, place = scope, function, child if isinstance(child, ast.stmt) else statement
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inner_scope = f"{scope}{child.name}."
            if isinstance(node, ast.FunctionDef) and part == "body" and function is None:
                inner = (scope[:-1], node.decorator_list[0].lineno if node.decorator_list else node.lineno)
            for new in changes(child, inner is not None):
                self._add(inner, place, child, node, part, at, new)
            self._walk(child, inner_scope, inner, place)
        for part, at, new in tests_changed(node):
            self._add(function, statement, getattr(node, part) if at is None else getattr(node, part)[at], node, part, at, new)

    def _add(self, function: Any, statement: Any, old: Any, parent: ast.AST, part: str, at: int | None, new: ast.AST) -> None:
        shown = "pass" if isinstance(new, ast.Pass) else ast.unparse(ast.fix_missing_locations(new))
        self.mutants.append(Mutant(self, function, statement, old.lineno, ast.unparse(old), shown, parent, part, at, new))


def parts(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    """Yield the children of a node that may be changed: no types, no texts."""
    skipped = TYPED if isinstance(node, ast.stmt) else {"annotation", "ctx"}
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant | ast.Tuple) and holds_names(node.slice):
        skipped = {"slice"}  # the type checker, or a KeyError, sees a wrong name
    for part, value in ast.iter_fields(node):
        if part in skipped:
            continue
        if isinstance(value, ast.AST):
            yield part, None, value
        elif isinstance(value, list):
            yield from ((part, n, each) for n, each in enumerate(value) if isinstance(each, ast.AST))


def holds_names(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in ast.walk(node))
