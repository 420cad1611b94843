"""The launcher of the container: what is bound, what the engine is called with, and what is refused beforehand."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bids_app import cli
from bids_app.errors import MissingInputError, UsageError
from bids_app.launch import container
from bids_app.launch.arguments import DERIVATIVES


@pytest.fixture
def place(tmp_path, monkeypatch):
    for name in ("data/derivatives/fmriprep", "masks"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("analysis.toml", "masks/mine.nii.gz", "masks/atlas.nii.gz", "ratings.tsv"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_path_is_bound_and_named_by_its_place_inside(place):
    words = shlex.split(
        "data out group -d fmriprep=data/derivatives/fmriprep --config analysis.toml --exclusions=ratings.tsv "
        "--seeds PAG mine=masks/mine.nii.gz two=masks/atlas.nii.gz#12 'three:1,2,3:4' "
        "--set inference.labels=masks/atlas.nii.gz --set inference.alpha=0.01 -w cache --nprocs 2"
    )
    mounts, inside = container.translate(words)
    bound = {host.relative_to(place).as_posix(): (at, writable) for host, at, writable in mounts.bound}
    assert bound == {
        "data": ("/data", False), "out": ("/out", True), "data/derivatives/fmriprep": ("/deriv/fmriprep", False),
        ".": ("/files/3", False), "masks": ("/files/4", False), "cache": ("/scratch/5", True),
    }  # fmt: skip
    assert inside == shlex.split(
        "/data /out group -d fmriprep=/deriv/fmriprep --config /files/3/analysis.toml "
        "--exclusions=/files/3/ratings.tsv "
        "--seeds PAG mine=/files/4/mine.nii.gz two=/files/4/atlas.nii.gz#12 three:1,2,3:4 "
        "--set inference.labels=/files/4/atlas.nii.gz --set inference.alpha=0.01 -w /scratch/5 --nprocs 2"
    )
    assert (place / "out").is_dir()  # made by the caller, so that it is not root's


def test_images_with_labels_and_thresholds_are_bound_and_atlases_of_templateflow_are_not(place):
    words = "data out group --seeds masks/atlas.nii.gz#3+4 p=masks/mine.nii.gz@0.5 templateflow:atlas-X#2 PAG"
    _, inside = container.translate(shlex.split(words))
    assert inside[4:] == ["/files/2/atlas.nii.gz#3+4", "p=/files/2/mine.nii.gz@0.5", "templateflow:atlas-X#2", "PAG"]


def test_files_that_the_settings_name_are_where_they_are(place):
    (place / "masks" / "net.tsv").touch()
    (place / "analysis.toml").write_text(
        'x = "absent.nii.gz"\n[measures.seed_correlation]\nseeds = ["PAG", "m=masks/mine.nii.gz", "ratings.tsv"]\n'
        f'[measures.parcel_correlation]\natlas = "{place}/masks/atlas.nii.gz"\n'
    )
    mounts, inside = container.translate(shlex.split("data out participant --config analysis.toml"))
    assert (place / "masks", str(place / "masks"), False) in mounts.bound
    assert len({inside for _, inside, _ in mounts.bound}) == len(mounts.bound)  # engines refuse one place twice
    for engine, flag in (("docker", "-w"), ("apptainer", "--pwd")):
        assert f"{flag} {place} " in shlex.join(container.command(engine, "deqi", mounts, inside))
    (place / "analysis.toml").write_text("not = = toml")
    assert container.translate(["data", "out", "participant", "--config", "analysis.toml"])[0].here is None


def test_outputs_of_studies_are_bound_where_their_table_finds_them(place):
    """Relative to the table, absolute, in the folder itself; nowhere that the container has its own."""
    for name in ("trials/a", "b", "data/own"):
        (place / name).mkdir(parents=True, exist_ok=True)
    rows = ["../trials/a", f"{place}/b", "own", "../nowhere", ""]
    (place / "data" / "studies.tsv").write_text(
        "\n".join(["study_id\tdeqi", *(f"s{i}\t{r}" for i, r in enumerate(rows))])
    )
    mounts, _ = container.translate(shlex.split("data out meta"))
    assert mounts.bound[2:] == [(place / "trials/a", "/trials/a", False), (place / "b", str(place / "b"), False)]
    assert container.translate(shlex.split("data out group"))[0].bound == mounts.bound[:2]
    (place / "usr").mkdir()
    (place / "data" / "studies.tsv").write_text("study_id\tdeqi\ns\t../usr\n")
    with pytest.raises(UsageError, match="would be /usr in the container"):
        container.translate(shlex.split("data out meta"))


def test_a_settings_file_is_written_through_the_container(place):
    ended = launch(place, "--engine", "docker", "--print", "data", "--init-config", "new.toml", path=place)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("/data --init-config /files/1/new.toml\n")


def test_a_folder_that_no_engine_can_be_told_is_refused(place):
    (place / "a:b").mkdir()
    with pytest.raises(UsageError, match="docker takes no folder with ':'"):
        container.command("docker", "deqi", *container.translate(["a:b", "out", "participant"]))
    (place / "a,b").mkdir()
    assert container.command("docker", "deqi", *container.translate(["a,b", "out", "participant"]))
    with pytest.raises(UsageError, match="in Apptainer, ','"):
        container.command("apptainer", "deqi", *container.translate(["a,b", "out", "participant"]))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("data -v out participant", "come first"), ("--nprocs 2 data out participant", "come first"),
        ("data data participant", "input is never written to"),
        ("data data/derivatives/fmriprep/x participant", "input is never written to"),
        ("data out participant -w data/work", "choose a folder outside"),
        ("--export-app babs here", "needs no container"),
    ],
)  # fmt: skip
def test_what_would_lose_results_or_write_into_the_input_is_refused(place, words, said, tmp_path_factory):
    """Inside the container nobody can see it any more."""
    bin_ = tmp_path_factory.mktemp("bin")
    fake(bin_, "podman", RECORD)
    ended = launch(place, *words.split(), path=bin_)
    assert ended.returncode == 64
    assert said in ended.stderr
    assert not (place / "called").exists()


def test_links_of_datalad_are_bound_with_their_contents(place):
    (place / "data" / ".git" / "annex").mkdir(parents=True)
    atlas = place / "data" / "masks" / "atlas.nii.gz"
    atlas.parent.mkdir()
    (place / "data" / ".git" / "annex" / "key").touch()
    atlas.symlink_to("../.git/annex/key")
    words = "data out participant -d data/derivatives/fmriprep --seeds data/masks/atlas.nii.gz#1"
    mounts, inside = container.translate(words.split())
    assert (place / "data", "/deriv/fmriprep", False) in mounts.bound
    assert inside[4] == "/deriv/fmriprep/derivatives/fmriprep"
    assert inside[6].endswith("/masks/atlas.nii.gz#1")
    assert mounts.bound[-1][0] == place / "data"


def test_folders_that_patterns_of_further_confounds_begin_with_are_bound(place):
    (place / "physio" / "tables").mkdir(parents=True)
    pattern = f"{place}/physio/tables/sub-{{sub}}[_ses-{{ses}}]_physio.tsv"
    (place / "own.toml").write_text(f'[modalities.fmri]\nmore_confounds = ["{pattern}"]\n')
    mounts, _ = container.translate(["data", "out", "participant", "--config", "own.toml"])
    assert (place / "physio" / "tables", f"{place}/physio/tables", False) in mounts.bound


def test_every_option_of_deqi_that_names_a_path_is_known():
    known = {*container.READ, *container.REFUSED, *container.WRITTEN, *container.FOLDERS, *DERIVATIVES}
    for action in cli.parser()._actions:
        if action.type is Path and action.option_strings:
            assert set(action.option_strings) <= known, action.option_strings


@pytest.mark.parametrize("words", ["absent out participant", "data out participant --config absent.toml",
                                   "data out participant --seeds mine=absent.nii.gz"])  # fmt: skip
def test_a_path_that_is_not_there_starts_nothing(place, words):
    with pytest.raises(MissingInputError, match="nothing was started"):
        container.translate(words.split())


def test_docker_gets_a_read_only_root_no_network_and_the_callers_id(place):
    line = shlex.join(container.command("docker", "deqi:1", *container.translate(["data", "out", "participant"])))
    assert f"-u {os.getuid()}:{os.getgid()} --read-only --tmpfs /tmp --network none --cap-drop all" in line
    assert line.endswith(f"-v {place}/data:/data:ro -v {place}/out:/out deqi:1 /data /out participant")


def test_apptainer_is_contained(place):
    line = shlex.join(container.command("apptainer", "deqi.sif", *container.translate(["data", "out", "group"])))
    assert line == (
        f"apptainer run -C --net --network none -B {place}/data:/data:ro -B {place}/out:/out deqi.sif /data /out group"
    )


def fake(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def launch(place: Path, *words: str, path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bids_app.launcher", *words]
    root = Path(container.__file__).parents[2]
    environment = {"PATH": str(path), "PYTHONPATH": str(root), **more}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)


def test_the_first_engine_that_answers_is_called_and_its_code_returned(place, tmp_path_factory):
    bin_ = tmp_path_factory.mktemp("bin")
    fake(bin_, "docker", "sys.exit(1)")  # installed, but no engine answers
    fake(bin_, "podman", "open('called', 'w').write(' '.join(sys.argv[1:])); sys.exit(7)")
    ended = launch(place, "data", "out", "participant", path=bin_)
    assert ended.returncode == 7, ended.stderr
    called = (place / "called").read_text()
    assert called.startswith("run --rm -u ")
    assert called.endswith("/data /out participant")
    assert f"RUNNING: podman {called}" in ended.stderr.replace("'", "")


def test_print_only_prints_and_needs_no_engine(place, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    ended = launch(place, "--engine", "singularity", "--print", "data", "out", "group", path=empty)
    assert ended.returncode == 0
    assert ended.stdout.startswith("singularity run -C")
    ended = launch(place, "data", "out", "group", path=empty)
    assert ended.returncode == 66
    assert "No container can be run here: docker is not installed; podman is not installed" in ended.stderr


TEMPLATES = "--env TEMPLATEFLOW_HOME=/home/fmriprep/.cache/templateflow"
RECORD = "open('called', 'a').write(sys.argv[0].split('/')[-1] + ' ' + ' '.join(sys.argv[1:]) + '\\n')"
SERIES = "fmriprep/sub-{0}/func/sub-{0}_task-rest_space-MNI152NLin2009cAsym_res-2_desc-preproc_bold.nii.gz"
MAKE = (
    "\nif '--notrack' in sys.argv:\n    import os; os.makedirs('fmriprep/sub-02/func', exist_ok=True); "
    f"open('{SERIES.format('02')}', 'w')"
)


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """A dataset of two people without derivatives, and a licence."""
    for name in ("sub-01", "sub-02"):
        (tmp_path / "data" / name / "func").mkdir(parents=True)
    (tmp_path / "license.txt").write_text("me")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_derivatives_the_host_is_told_the_commands_and_nothing_starts(raw, tmp_path_factory):
    bin_ = tmp_path_factory.mktemp("bin")
    fake(bin_, "podman", RECORD)
    ended = launch(raw, "data", "out", "participant", path=bin_)
    assert ended.returncode == 66
    assert f"fmriprep-docker data {raw}/fmriprep participant --output-spaces MNI152NLin2009cAsym:res-2" in ended.stderr
    assert f"apptainer run --cleanenv --containall {TEMPLATES} -B {raw}/data:/data:ro" in ended.stderr
    assert not (raw / "called").exists()


@pytest.mark.parametrize(
    ("method", "program", "words"),
    [
        ("fmriprep-docker", "docker", "-u {id} --no-tty"),
        ("apptainer", "apptainer",
         ("run --cleanenv --containall {templates} -B {raw}/data:/data:ro -B {raw}/fmriprep:/out "
         "-B {raw}/fmriprep_work:/scratch -B {raw}/license.txt:/license.txt:ro docker://nipreps/fmriprep")),
    ],
)  # fmt: skip
def test_preproc_runs_fmriprep_for_who_lacks_it_and_then_the_container(raw, tmp_path_factory, method, program, words):
    """A recording engine stands for docker and apptainer; fmriprep-docker is the real one, by its own name."""
    bin_ = tmp_path_factory.mktemp("bin")
    (raw / SERIES.format("01")).parent.mkdir(parents=True)
    (raw / SERIES.format("01")).touch()
    (raw / "fmriprep" / "sub-02" / "log").mkdir(parents=True)  # fMRIPrep died here; it is not done
    (raw / "deqi.sif").touch()
    fake(bin_, program, f"{RECORD}{MAKE}\nprint('Mem: 64000' if 'free' in ' '.join(sys.argv) else 99.0)")
    ended = launch(raw, "--engine", program, "data", "out", "participant", "--preproc", method, "--seeds", "PAG",
                   "--mem", "9G", path=bin_, FS_LICENSE=str(raw / "license.txt"))  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    called = (raw / "called").read_text().splitlines()
    first = next(line for line in called if "nipreps/fmriprep" in line and "/data /out participant" in line)
    for part in ("--participant-label 02", "--output-spaces MNI152NLin2009cAsym:res-2", "--mem_mb 9216 --fs-no-"):
        assert part in first.replace(" --fs-license-file /license.txt", "")
    said = words.format(raw=raw, templates=TEMPLATES, id=f"{os.getuid()}:{os.getgid()}")
    assert said in ended.stderr
    assert called[-1].endswith("/data /out participant --seeds PAG --mem 9G -d preproc=/deriv/preproc")
    assert f"{raw}/fmriprep:/deriv/preproc:ro" in called[-1]


def test_fmriprep_is_not_started_without_licence_memory_or_engine(raw, tmp_path_factory):
    bin_ = tmp_path_factory.mktemp("bin")
    ask = ["--engine", "podman", "data", "out", "participant", "--preproc"]
    assert "podman is not installed" in launch(raw, *ask, "fmriprep-docker", path=bin_).stderr  # and not hours later
    fake(bin_, "podman", "")
    ended = launch(raw, *ask, "fmriprep-docker", "--mem", "4G", path=bin_)
    assert ended.returncode == 66
    for lack in ("docker is not installed", "no licence of FreeSurfer", "4096 MB of memory, and it needs 8000"):
        assert lack in ended.stderr
    assert not (raw / "fmriprep").exists()
    fake(bin_, "docker", "sys.exit(1)")
    assert "no Docker engine answers" in launch(raw, *ask, "fmriprep-docker", path=bin_).stderr
    fake(bin_, "apptainer", "sys.exit(3 if 'nipreps' in ' '.join(sys.argv) else 0)")
    ended = launch(raw, *ask, "apptainer", path=bin_, FS_LICENSE=str(raw / "license.txt"))
    assert ended.returncode == 66
    assert "fMRIPrep ended with exit code 3" in ended.stderr


def test_print_shows_both_commands_and_makes_nothing(raw, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    ended = launch(raw, "--engine", "docker", "--print", "data", "out", "participant", "--preproc", "apptainer",
                   path=empty)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    first, second = ended.stdout.splitlines()
    assert first.startswith("apptainer run --cleanenv")
    assert second.startswith("docker run --rm")
    assert second.endswith("-d preproc=/deriv/preproc")
    assert not (raw / "out").exists()
    ended = launch(raw, "data", "out", "participant", "--preproc", "print", path=empty)
    assert ended.returncode == 0
    assert ended.stdout.startswith("fmriprep-docker data ")


def test_it_needs_the_standard_library_alone(tmp_path):
    """It runs on hosts that have Python and an engine and nothing else."""
    code = (
        "import sys; import bids_app.launcher; bids_app.launcher.main(['--engine', 'docker', '--print', '.', 'out', "
        "'participant']); "
        "print([m for m in sys.modules if m.partition('.')[0] in ('numpy', 'pandas', 'nibabel', 'pydantic', 'bids')])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(cli.__file__).parents[1]
    )
    assert ended.stdout.splitlines()[-1] == "[]"


def test_tables_and_folders_of_references_are_bound_too(place):
    (place / "maps" / "pet").mkdir(parents=True)
    (place / "genes.csv").touch()
    (place / "analysis.toml").write_text(
        f'[associations.receptor_density]\nreceptors = ["{place}/maps/pet"]\n'
        f'[associations.gene_expression]\ntable = "{place}/genes.csv"\n'
    )
    words = f"data out group --config analysis.toml --set associations.gene_expression.table={place}/genes.csv"
    mounts, inside = container.translate(shlex.split(words))
    bound = {(host, at) for host, at, _ in mounts.bound}
    assert (place / "maps" / "pet", str(place / "maps" / "pet")) in bound
    assert (place, str(place)) in bound
    assert inside[-1] == f"associations.gene_expression.table={place}/genes.csv"  # bound where it is
    _, alone = container.translate(["data", "out", "group", "--set", f"x.table={place}/maps/pet"])
    assert alone[-1] == "x.table=/files/2"
    several = container.translate(["data", "out", "group", "--set", f'x.receptors=["{place}/maps/pet"]'])[0]
    assert (place / "maps" / "pet", str(place / "maps" / "pet"), False) in several.bound
    with pytest.raises(UsageError, match="not in the container"):
        container.translate(["data", "out", "group", "--ahba-dir", "x"])
