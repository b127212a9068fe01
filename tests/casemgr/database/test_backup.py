import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import URL, Engine, delete, insert, select, text

from casemgr.database.backup import BackupError, back_up, restore
from casemgr.database.engine import create_engine, truncate_log, writing
from casemgr.database.models import Department
from casemgr.database.reading import Reading
from casemgr.database.schema import is_migrated, migrate
from casemgr.database.statements import fetch_all

pytestmark = pytest.mark.sqlite


def engine_for(path: Path) -> Engine:
    return create_engine(URL.create("sqlite", database=str(path)))


def add(engine: Engine, *names: str) -> None:
    with writing(engine) as connection:
        connection.execute(insert(Department), [{"name": name} for name in names])


def names_in(path: Path) -> set[str]:
    """Read the departments as another program does, and leave no connection behind."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {name for (name,) in connection.execute("SELECT name FROM departments")}


@pytest.fixture
def database(engine: Engine) -> Path:
    """Provide the path of a database with the department "Old", to which nobody is connected."""
    add(engine, "Old")
    engine.dispose()
    return Path(str(engine.url.database))


@pytest.fixture
def saved(engine: Engine, database: Path, tmp_path: Path) -> Path:
    """Provide a backup with the department "Old" of a database that has "New", too."""
    path = tmp_path / "saved" / "backup.db"
    path.parent.mkdir()
    back_up(engine, path)
    add(engine, "New")
    engine.dispose()
    return path


# Backup


def test_a_backup_is_one_file_for_its_owner_alone_with_write_ahead_logging(saved: Path) -> None:
    assert list(saved.parent.iterdir()) == [saved]
    assert saved.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(saved)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    assert names_in(saved) == {"Old"}


def test_a_backup_does_not_wait_for_a_writer_and_has_what_is_committed(engine: Engine, tmp_path: Path) -> None:
    add(engine, "committed")
    with writing(engine) as connection:
        connection.execute(insert(Department).values(name="not committed"))
        back_up(engine, tmp_path / "backup.db")
    assert names_in(tmp_path / "backup.db") == {"committed"}


def test_a_backup_is_one_state_of_a_database_that_others_write_to(engine: Engine, tmp_path: Path) -> None:
    began, ended = Event(), Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            add(engine, f"first {number}", f"second {number}")
            number += 1
            began.set()

    add(engine, *("x" * 10_000 for _ in range(1000)))
    writer = Thread(target=write)
    writer.start()
    assert began.wait(10)
    try:
        back_up(engine, tmp_path / "backup.db")
    finally:
        ended.set()
        writer.join()
    pairs = names_in(tmp_path / "backup.db") - {"x" * 10_000}
    assert {f"first {name.split()[1]}" for name in pairs} == {name for name in pairs if name.startswith("first")}
    assert {f"second {name.split()[1]}" for name in pairs} == {name for name in pairs if name.startswith("second")}
    assert pairs < names_in(Path(str(engine.url.database)))


def test_a_database_with_an_old_schema_is_backed_up(tmp_path: Path) -> None:
    engine = engine_for(tmp_path / "old.db")
    migrate(engine, "0001")
    back_up(engine, tmp_path / "backup.db")
    engine.dispose()
    assert names_in(tmp_path / "backup.db") == set()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        pytest.param("casemgr.db", "File exists", id="existing file"),
        pytest.param("missing/backup.db", "No such file or directory", id="missing folder"),
    ],
)
def test_a_backup_that_cannot_be_written_is_an_error(
    engine: Engine, database: Path, tmp_path: Path, file: str, message: str
) -> None:
    with pytest.raises(OSError, match=message) as caught:
        back_up(engine, tmp_path / file)
    assert caught.value.filename == str(tmp_path / file)
    assert names_in(database) == {"Old"}


def test_a_database_without_schema_is_not_backed_up(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    engine = engine_for(tmp_path / "empty.db")
    with pytest.raises(BackupError, match=r"it is no database of casemgr \(no such table: alembic_version\)"):
        back_up(engine, tmp_path / "backup.db")
    engine.dispose()
    assert [path.name for path in tmp_path.iterdir()] == ["empty.db"]


# Restore


def test_a_database_is_restored_in_place(engine: Engine, database: Path, saved: Path) -> None:
    database.chmod(0o640)
    restore(engine, saved)
    engine.dispose()
    assert [path.name for path in database.parent.iterdir() if path.is_file()] == ["casemgr.db"]
    assert database.stat().st_mode & 0o777 == 0o640
    assert names_in(database) == names_in(saved) == {"Old"}


def test_a_database_that_does_not_exist_is_created_for_its_owner_alone(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "casemgr.db"
    path.parent.mkdir()
    engine = engine_for(path)
    restore(engine, saved)
    assert is_migrated(engine)
    engine.dispose()
    assert [(path.name, path.stat().st_mode & 0o777) for path in path.parent.iterdir()] == [("casemgr.db", 0o600)]
    assert names_in(path) == {"Old"}


def test_a_backup_by_another_program_is_restored_with_write_ahead_logging(
    engine: Engine, database: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    add(engine, "New")
    engine.dispose()
    restore(engine, tmp_path / "backup.db")
    with engine.connect() as connection_again:
        assert connection_again.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection_again.scalars(select(Department.name)).all() == ["Old"]


def test_a_backup_without_a_write_ahead_log_gets_one_in_a_new_database(database: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    new = create_engine(URL.create("sqlite", database=str(tmp_path / "new.db")))
    restore(new, tmp_path / "backup.db")
    with new.connect() as connection_again:
        assert connection_again.scalar(text("PRAGMA journal_mode")) == "wal"
    new.dispose()


def test_a_backup_that_nobody_can_write_to_is_restored(engine: Engine, database: Path, saved: Path) -> None:
    saved.chmod(0o400)
    saved.parent.chmod(0o500)
    restore(engine, saved)
    saved.parent.chmod(0o700)
    engine.dispose()
    assert names_in(database) == {"Old"}
    assert list(saved.parent.iterdir()) == [saved]


def leave_log(engine: Engine, folder: Path) -> Path:
    """Keep the files of a database as a killed service leaves them, with a transaction in the write-ahead log."""
    folder.mkdir()
    add(engine, *(f"{number} {'x' * 4000}" for number in range(300)))
    truncate_log(engine)
    with engine.begin() as connection:
        connection.execute(delete(Department).where(Department.id % 3 == 0))
    for path in Path(str(engine.url.database)).parent.glob("casemgr.db*"):
        shutil.copy(path, folder)
    assert (folder / "casemgr.db-wal").stat().st_size
    return folder / "casemgr.db"


def test_the_log_of_a_killed_service_is_not_applied_to_the_backup(engine: Engine, saved: Path, tmp_path: Path) -> None:
    path = leave_log(engine, tmp_path / "killed")
    own = engine_for(path)
    restore(own, saved)
    own.dispose()
    assert [path.name for path in path.parent.iterdir()] == ["casemgr.db"]
    assert names_in(path) == {"Old"}


def damage_by_copying(path: Path, saved: Path) -> None:
    shutil.copy(saved, path)


def damage_pages(path: Path, _: Path) -> None:
    contents = path.read_bytes()
    path.write_bytes(contents[:4096] + b"\xff" * (len(contents) - 4096))


@pytest.mark.parametrize("damage", [damage_by_copying, damage_pages])
def test_a_damaged_database_is_restored(
    engine: Engine, saved: Path, tmp_path: Path, damage: Callable[[Path, Path], None]
) -> None:
    path = leave_log(engine, tmp_path / "killed")
    damage(path, saved)
    copy = shutil.copytree(path.parent, tmp_path / "copy")
    with pytest.raises((AssertionError, sqlite3.DatabaseError)):
        names_in(copy / path.name)
    own = engine_for(path)
    restore(own, saved)
    own.dispose()
    assert names_in(path) == {"Old"}


def test_a_file_that_is_no_database_has_to_be_moved_away(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "nonsense.db"
    path.write_bytes(b"nonsense " * 1000)
    with pytest.raises(BackupError, match=f"{path} is too damaged: move it and its -wal and -shm files away"):
        restore(engine_for(path), saved)
    assert path.read_bytes() == b"nonsense " * 1000


def make_missing(_: Path) -> None:
    pass


def make_nonsense(path: Path) -> None:
    path.write_bytes(b"nonsense " * 1000)


def make_empty(path: Path) -> None:
    path.touch()


def make_other(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")


def make_damaged(path: Path) -> None:
    engine = engine_for(path)
    migrate(engine)
    engine.dispose()
    damage_pages(path, path)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(make_missing, "the file does not exist", id="missing"),
        pytest.param(Path.mkdir, "it is no database of casemgr (unable to open database file)", id="folder"),
        pytest.param(make_nonsense, "it is no database of casemgr (file is not a database)", id="nonsense"),
        pytest.param(make_empty, "it is no database of casemgr (no such table: alembic_version)", id="empty"),
        pytest.param(make_other, "it is no database of casemgr (no such table: cases)", id="of another program"),
        pytest.param(make_damaged, "it is ", id="damaged"),
    ],
)
def test_a_file_that_is_no_sound_backup_changes_nothing(
    engine: Engine, database: Path, tmp_path: Path, make: Callable[[Path], None], problem: str
) -> None:
    file = tmp_path / "backup.db"
    make(file)
    before = database.read_bytes()
    with pytest.raises(BackupError) as caught:
        restore(engine, file)
    assert str(caught.value).startswith(f"{file} cannot be restored: {problem}")
    assert database.read_bytes() == before


def test_the_database_itself_is_no_backup(engine: Engine, database: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(database)
    with pytest.raises(BackupError, match="it is the database itself"):
        restore(engine, link)
    assert names_in(database) == {"Old"}


def idle(engine: Engine) -> Iterator[None]:
    with Reading(engine) as source:
        fetch_all(source, "SELECT * FROM departments")
    yield
    engine.dispose()


def reading(engine: Engine) -> Iterator[None]:
    with engine.connect() as connection:
        connection.execute(select(Department))
        yield


def importing(engine: Engine) -> Iterator[None]:
    with suppress(ZeroDivisionError), writing(engine) as connection:
        connection.execute(insert(Department).values(name="imported"))
        yield
        raise ZeroDivisionError


@pytest.mark.parametrize("use", [idle, reading, importing])
def test_a_database_in_use_is_not_restored(
    engine: Engine, database: Path, saved: Path, use: Callable[[Engine], Iterator[None]]
) -> None:
    for _ in use(engine):
        own = engine_for(database)
        with pytest.raises(BackupError, match="The database is in use"):
            restore(own, saved)
        own.dispose()
    engine.dispose()
    assert names_in(database) == {"Old", "New"}
