cd /work/exp; R=$1; shift
OMP_NUM_THREADS=1 nohup /work/venv/bin/torchrun --nproc_per_node 2 --master_port 29511 train.py /work/runs/$R --shards /work/runs/n1/features "$@" > /work/runs/$R.log 2>&1 &
