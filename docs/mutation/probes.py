"""Which tests can tell a mutant at all: those in which the statement that it changes comes out different."""

import ast
import builtins
import copy
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from mutants import Mutant


class Probe:
    """
    Notices which mutants make a difference where they stand.

    A statement's expression is worked out as it is, and once more with each change in it: a test in which all of these are equal cannot tell the
    mutant, for the domain has no side effects. What is no such expression counts as different as soon as it is reached.
    """

    def __init__(self, mutants: list[Mutant]) -> None:
        self.seen: set[int] = set()
        self.busy = False
        builtins.probe_, builtins.reached_ = self.probe, self.seen.update  # type: ignore[attr-defined]
        slots: dict[tuple[ast.stmt, str], list[int]] = defaultdict(list)
        for n, mutant in enumerate(mutants):
            slots[(mutant.statement, slot_of(mutant))].append(n)
        others = {n: changed(mutant, slot_of(mutant)) for n, mutant in enumerate(mutants)}
        for (statement, slot), numbers in slots.items():
            if slot:
                setattr(statement, slot, probing(statement, slot, numbers, [others[n] for n in numbers]))
        for (statement, slot), numbers in slots.items():
            if not slot:
                insert_before(mutants[numbers[0]].module.tree, statement, ast.Expr(called("reached_", ast.Constant(tuple(numbers)))))

    def probe(self, truth: bool, numbers: tuple[int, ...], plain: Callable[[], Any], *others: Callable[[], Any]) -> Any:
        try:
            value = plain()
        except BaseException:
            self.seen.update(numbers)
            raise
        if not self.busy:
            self.busy = True
            self.seen.update(n for n, other in zip(numbers, others, strict=True) if n not in self.seen and differs(value, other, truth))
            self.busy = False
        return value


def differs(value: Any, other: Callable[[], Any], truth: bool) -> bool:
    """Tell whether a changed expression gives another value, or none."""
    try:
        found = other()
        if truth:
            return bool(found) != bool(value)
        return isinstance(value, Iterator) or type(found) is not type(value) or bool(found != value)
    except Exception:  # noqa: BLE001 - whatever it is, it is a difference
        return True


SLOTS = {ast.Return: "value", ast.Assign: "value", ast.AnnAssign: "value", ast.If: "test", ast.While: "test", ast.For: "iter", ast.Expr: "value"}
GUARDS = re.compile(r"(_?refuse_|_?must_|require$)")
"""Calls for nothing but the refusal they may raise."""


def slot_of(mutant: Mutant) -> str:
    """Return the part of its statement that can be worked out twice and in which the mutant lies; empty if none."""
    statement = mutant.statement
    slot = SLOTS.get(type(statement), "")
    whole = statement if isinstance(mutant.new, ast.Pass) else getattr(statement, slot, None)
    if whole is None or (isinstance(mutant.new, ast.Pass) and not isinstance(statement, ast.Expr)) or "registry.py" in mutant.module.name:
        return ""
    inside = list(ast.walk(whole))
    if isinstance(statement, ast.Expr) and not (isinstance(statement.value, ast.Call) and GUARDS.match(ast.unparse(statement.value.func))):
        return ""
    if any(isinstance(each, ast.Yield | ast.YieldFrom) or (isinstance(each, ast.Name) and each.id == "super") for each in inside):
        return ""
    if any(isinstance(each, ast.NamedExpr) for each in inside) and not any(isinstance(each, ast.comprehension) for each in inside):
        return ""
    here = mutant.new if isinstance(mutant.new, ast.Pass) else mutant.parent
    return slot if here is statement or here is mutant.new or any(each is here for each in inside) else ""


def changed(mutant: Mutant, slot: str) -> ast.expr:
    """Return a copy of the expression of a statement with a change in it."""
    if not slot or isinstance(mutant.new, ast.Pass):
        return ast.Constant(None)
    old = mutant.put(mutant.new)
    copied: ast.expr = copy.deepcopy(getattr(mutant.statement, slot))
    mutant.put(old)
    return copied


def probing(statement: ast.stmt, slot: str, numbers: list[int], others: list[ast.expr]) -> ast.expr:
    truth = ast.Constant(isinstance(statement, ast.If | ast.While))
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    worked_out = [ast.Lambda(nothing, each) for each in (getattr(statement, slot), *others)]
    return ast.copy_location(called("probe_", truth, ast.Constant(tuple(numbers)), *worked_out), statement)


def called(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def insert_before(tree: ast.AST, statement: ast.stmt, new: ast.stmt) -> None:
    for node in ast.walk(tree):
        for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(body, list) and statement in body:
                body.insert(body.index(statement), ast.copy_location(new, statement))
                return
