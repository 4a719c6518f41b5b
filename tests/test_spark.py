"""On a real cluster: a master and two workers on the loopback, each with one core, and a driver for each job."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import sites

import noiseclf

pyspark = pytest.importorskip("pyspark", reason="needs noiseclf[spark]")
pq = pytest.importorskip("pyarrow.parquet", reason="needs noiseclf[spark]")
pa = pytest.importorskip("pyarrow", reason="needs noiseclf[spark]")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs Java", allow_module_level=True)

HOME = Path(pyspark.__file__).parent
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(sys.path),
    "PYSPARK_PYTHON": sys.executable,
    "SPARK_HOME": str(HOME),
    "SPARK_LOCAL_IP": "127.0.0.1",
    "OMP_NUM_THREADS": "1",
    "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto",  # short-lived JVMs: begin soon
}
JOB = '''
import sys
from pyspark.sql import SparkSession
from noiseclf.spark import classify_column, clean_column

master, source, target, marks = sys.argv[1:]
spark = (
    SparkSession.builder.master(master)
    .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.memory", "512m").config("spark.executor.memory", "512m").config("spark.ui.enabled", "false")
    .config("spark.sql.files.maxPartitionBytes", "20000").config("spark.sql.files.openCostInBytes", "20000")
    .config("spark.sql.execution.arrow.maxRecordsPerBatch", "2").config("spark.task.maxFailures", "8")
    .config("spark.sql.codegen.wholeStage", "false")
    .getOrCreate()
)


def mark(batches):
    """Tell the test that a part is being worked on, and take a while, so that it can kill a worker meanwhile."""
    import os, time, uuid
    for batch in batches:
        open(os.path.join(marks, uuid.uuid4().hex), "w").close()
        time.sleep(0.3)
        yield batch


pages = spark.read.parquet(source)
pages = pages.mapInArrow(mark, pages.schema)
pages.select("id", clean_column("text").alias("text"), classify_column("text").alias("lines")).write.parquet(target)
'''


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of a cluster's master and the processes of its two workers."""
    folder = tmp_path_factory.mktemp("cluster")
    processes = []

    def start(name, kind, *arguments):
        log = folder / name
        command = [str(HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1", *arguments]
        with log.open("wb") as out:
            processes.append(
                subprocess.Popen(command, stdout=out, stderr=out, env={**ENVIRONMENT, "SPARK_DAEMON_MEMORY": "256m"})
            )
        return log

    def wait_for(log, pattern):
        for _ in range(1200):
            if found := re.search(pattern, log.read_text(errors="replace")):
                return found
            time.sleep(0.1)
        raise AssertionError(log.read_text(errors="replace"))

    try:
        log = start("master", "master.Master", "--port", "0", "--webui-port", "0")
        master = wait_for(log, r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")[1]
        options = ["--port", "0", "--webui-port", "0", "--cores", "1", "--memory", "700m"]
        logs = [start(f"worker{i}", "worker.Worker", *options, "--work-dir", str(folder / f"work{i}"), master) for i in (1, 2)]
        for worker in logs:
            wait_for(worker, "Successfully registered with master")
        yield master, processes[1:]
    finally:
        for process in processes:
            for child in [*psutil.Process(process.pid).children(recursive=True), process] if process.poll() is None else []:
                child.kill()
            process.wait()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A folder of Parquet files with pages, one of them null, and an id."""
    folder = tmp_path_factory.mktemp("pages")
    for part in range(6):
        ids = list(range(part * 4, part * 4 + 4))
        pq.write_table(
            pa.table({"id": ids, "text": [sites.page(i) if i != 7 else None for i in ids]}), folder / f"{part}.parquet"
        )
    return folder


def check(folder):
    rows = sorted(pq.read_table(folder).to_pylist(), key=lambda row: row["id"])
    assert [row["id"] for row in rows] == list(range(24))
    for row in rows:
        if row["id"] == 7:
            assert (row["text"], row["lines"]) == (None, None)
            continue
        page = noiseclf.classify(sites.page(row["id"]))
        assert row["text"] == page.text
        assert [(line["text"], line["label"]) for line in row["lines"]] == [(line.text, line.label) for line in page.lines]
        assert [line["confidence"] for line in row["lines"]] == pytest.approx([line.confidence for line in page.lines], abs=1e-4)


def test_two_workers_of_which_one_is_killed_give_the_result_of_one_machine(tmp_path, cluster, source):
    master, workers = cluster
    target, marks = tmp_path / "target", tmp_path / "marks"
    marks.mkdir()
    (tmp_path / "job.py").write_text(JOB)
    command = [sys.executable, str(tmp_path / "job.py"), master, str(source), str(target), str(marks)]
    with (tmp_path / "log").open("wb") as log:
        job = subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log)
        while job.poll() is None and len(list(marks.iterdir())) < 3:
            time.sleep(0.05)
        assert job.poll() is None, (tmp_path / "log").read_text()
        executors = psutil.Process(workers[1].pid).children(recursive=True)
        assert executors
        for process in [*executors, workers[1]]:  # its machine is gone
            process.kill()
        assert job.wait(300) == 0, (tmp_path / "log").read_text()
    assert len(list(marks.iterdir())) >= 12
    check(target)


def test_arguments_are_checked_on_the_driver():
    from noiseclf.spark import clean_column

    with pytest.raises(ValueError, match="drop holds something else"):
        clean_column("text", drop={"menu"})
